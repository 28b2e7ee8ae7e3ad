"""What the base of the nouns tells the shell: nothing, each of them speaks for itself."""

from console.shell.nouns import Noun

NOUN = Noun()

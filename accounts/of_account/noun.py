"""The base of the nouns declares nothing: each noun declares itself."""

from console.shell.nouns import Noun

NOUN = Noun()

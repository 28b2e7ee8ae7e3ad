"""What declines tell the shell: nothing of their own, they are told on the pages of authorizations."""

from console.shell.nouns import Noun

NOUN = Noun()

"""Writing what changed has nothing that the shell may ask."""

from console.shell.nouns import Noun

NOUN = Noun()

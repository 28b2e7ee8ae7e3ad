"""Declines declare nothing: they are shown on the pages of authorizations."""

from console.shell.nouns import Noun

NOUN = Noun()

"""Formats for English, the console's one language."""

"""The frame round every page: site, menu, home, search, words and signs."""

"""Viewing as an account: work sessions and what is opened in them."""

"""Persons of an account."""

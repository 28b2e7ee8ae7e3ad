"""Requests of merchants to pay with a card."""

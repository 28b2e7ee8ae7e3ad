"""Money that moved by a card."""

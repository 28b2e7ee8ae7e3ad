"""Django's way in."""

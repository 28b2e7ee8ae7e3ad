"""Money pulled in from banks."""

"""How an account gets what it is asked for: links for its holder, test values."""

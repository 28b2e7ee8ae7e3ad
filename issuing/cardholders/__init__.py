"""Who may hold cards of an account."""

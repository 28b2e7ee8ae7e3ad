"""What changed of an account and what hangs on it, and when."""

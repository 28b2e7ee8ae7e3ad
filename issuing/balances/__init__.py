"""The balances of an account."""

"""Funds of accounts, read again where events say that money has moved."""

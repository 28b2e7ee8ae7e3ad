"""Transactions: their row and their pages."""

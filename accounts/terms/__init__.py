"""Acceptances of terms."""

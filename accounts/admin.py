"""The room's lists, gathered from its nouns: autodiscover looks for them here."""

from accounts.account import admin as account

__all__ = ["account"]

"""The room's lists, gathered from its nouns: autodiscover looks for them here."""

from issuing.authorizations import admin as authorizations
from issuing.balances import admin as balances
from issuing.cardholders import admin as cardholders
from issuing.cards import admin as cards
from issuing.topups import admin as topups
from issuing.transactions import admin as transactions

__all__ = ["authorizations", "balances", "cardholders", "cards", "topups", "transactions"]

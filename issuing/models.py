"""The room's tables, gathered from its nouns: Django looks for them here."""

from issuing.authorizations.models import Authorization
from issuing.balances.models import Balance, BalanceTransaction
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction

__all__ = ["Authorization", "Balance", "BalanceTransaction", "Card", "Cardholder", "Topup", "Transaction"]

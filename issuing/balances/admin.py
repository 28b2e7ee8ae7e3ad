"""What balances add to the list of accounts."""

from typing import Any

from django.db.models import QuerySet

from console.lists.filters import Choice
from console.shell import figures

SHORT = "balances.short"  # the figure that issuing.balances.noun declares


class ShortBalanceFilter(Choice):
    """Accounts whose Issuing balance needs a top-up, as the home page counts them."""

    title, parameter_name, words = "Issuing balance", "balance", {"short": "Needs a top-up"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By what the worker keeps: one query before the list's own."""
        return queryset.filter(pk__in=[account_id for account_id, *_ in figures.value(SHORT)])

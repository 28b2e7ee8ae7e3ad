"""What balances add to the list of accounts."""

from typing import Any

from django.db.models import QuerySet

from console.lists.filters import Choice
from issuing.balances.models import shortages


class ShortBalanceFilter(Choice):
    """Accounts whose Issuing balance needs a top-up, as the home page counts them."""

    title, parameter_name, words = "Issuing balance", "balance", {"short": "Needs a top-up"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By what `shortages` finds: three queries before the list's own."""
        return queryset.filter(pk__in=[short.account.pk for short in shortages()])

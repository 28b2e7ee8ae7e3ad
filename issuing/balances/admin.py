"""What balances add to the list of accounts."""

from typing import Any

from django.db.models import QuerySet

from accounts.account import admin as accounts_admin
from console.lists.filters import Choice
from issuing.balances import noun


class ShortBalanceFilter(Choice):
    """Accounts whose Issuing balance needs a top-up, as the home page counts them."""

    title, parameter_name, words = "Issuing balance", "balance", {"short": "Needs a top-up"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By what `attention.shortages` finds: three queries before the list's own."""
        return queryset.filter(pk__in=[short.account.pk for short in noun.shortages()])


accounts_admin.MORE_FILTERS.append(ShortBalanceFilter)


accounts_admin.AccountAdmin.verbs_for_one += (
    "issuing.create_cardholder",
    "issuing.create_card",
    "issuing.create_topup",
    "issuing.create_test_authorization",
)

"""The filters of the lists across all accounts; each choice is a named query of the noun's QuerySet."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from accounts.filters import SINCE, Choice
from gateway import clock
from issuing import attention, lists, words


class Tabbed(Choice):
    """The tabs: drawn above the list and not among the filters. A subclass names its list."""

    title, template = "status", "accounts/no_filter.html"
    listing: lists.Listing

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By the query that the list of one account uses."""
        return self.listing.narrow(queryset, value)


def tabbed(of: lists.Listing) -> type[Tabbed]:
    """The filter behind a list's tabs."""
    return type("TabFilter", (Tabbed,), {"listing": of, "words": of.tabs, "parameter_name": of.parameter})


class CreatedFilter(Choice):
    """By the day of creation, Stripe's clock: today and the days before it, as home counts them."""

    title, parameter_name = "created", "created"
    words = {"7": SINCE["7"], "14": "In the last 14 days", "30": SINCE["30"], "365": SINCE["365"]}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """From the beginning of the first day, UTC."""
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return queryset.filter(created__gte=today - timedelta(days=int(value) - 1))


class ReasonFilter(Choice):
    """By the reason of the last request."""

    title, parameter_name = "reason", "reason"
    words = {name: each.title[:1].upper() + each.title[1:] for name, each in words.REASONS.items() if each.move}


class RequirementFilter(Choice):
    """By what keeps a cardholder from using cards."""

    title, parameter_name = "Stripe asks", "disabled_reason"
    words = {
        "requirements.past_due": "Something is past due",
        "under_review": "Under review",
        "listed": "Compared with lists",
        "rejected.listed": "Rejected",
    }


class ShortBalanceFilter(Choice):
    """Accounts whose Issuing balance needs a top-up, as the home page counts them."""

    title, parameter_name, words = "Issuing balance", "balance", {"short": "Needs a top-up"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By what `attention.shortages` finds: three queries before the list's own."""
        return queryset.filter(pk__in=[short.account.pk for short in attention.shortages()])


class TypeFilter(Choice):
    """Virtual or physical."""

    title, parameter_name, words = "type", "type", {"virtual": "Virtual", "physical": "Physical"}


class HolderTypeFilter(Choice):
    """Individual or company."""

    title, parameter_name, words = "type", "type", {"individual": "Individual", "company": "Company"}

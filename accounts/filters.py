"""The filters of the account list; each choice is a named query of AccountQuerySet."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import status
from accounts.forms import BUSINESS_TYPES, COUNTRIES
from gateway import clock

DAYS = {"1": "Within a day", "7": "Within 7 days", "30": "Within 30 days"}
SINCE = {"7": "In the last 7 days", "30": "In the last 30 days", "365": "In the last year"}


class Choice(admin.SimpleListFilter):
    """A filter over a fixed dict; a value that is not in it (typed into the address) finds nothing."""

    words: dict[str, str] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Its choices."""
        return list(self.words.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """The list narrowed down."""
        value = self.value()
        if value is None:
            return queryset
        return self.narrow(queryset, value) if value in self.words else queryset.none()

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By one known value."""
        return queryset.filter(**{self.parameter_name or "pk": value})


class StatusFilter(Choice):
    """The tabs: drawn above the list and not among the filters."""

    title, parameter_name, words = "status", "status", status.OVERALL
    template = "accounts/no_filter.html"

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By the overall badge."""
        return queryset.with_status(value)


class IssuingFilter(Choice):
    """By the Issuing badge."""

    title, parameter_name, words = "Issuing", "issuing", status.ISSUING

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By the Issuing badge."""
        return queryset.with_issuing(value)


class KindFilter(Choice):
    """By `controller`."""

    title, parameter_name, words = "kind", "kind", status.KINDS


class BusinessTypeFilter(Choice):
    """By business type."""

    title, parameter_name, words = "business type", "business_type", BUSINESS_TYPES


class CountryFilter(Choice):
    """By country."""

    title, parameter_name, words = "country", "country", COUNTRIES


class DueFilter(Choice):
    """By the earliest deadline, Stripe's clock."""

    title, parameter_name, words = "due by", "due", {"over": "Overdue", **DAYS}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By a span from now."""
        return queryset.due_by(clock.now() + timedelta(days=int(value) if value != "over" else 0))


class AttentionFilter(Choice):
    """What the home page counts, of any noun whose QuerySet says what needs a person."""

    title, parameter_name, words = "attention", "attention", {"yes": "Needs a person"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By the one rule of what counts."""
        return queryset.needing_attention()


class ConnectedFilter(Choice):
    """By the day of creation, Stripe's clock."""

    title, parameter_name, words = "connected", "connected", SINCE

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By a span until now."""
        return queryset.filter(created__gte=clock.now() - timedelta(days=int(value)))

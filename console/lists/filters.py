"""The filters that every list may have; each choice is a named query of the noun's QuerySet."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from console.lists import listing as lists_listing
from console.shell import nouns
from gateway import clock, copied

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


class WhoFilter(admin.RelatedFieldListFilter):
    """People, under the name that the column has."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.title = "who"


class AccountFilter(admin.SimpleListFilter):
    """Rows of one account: its id comes with a link, or is pasted. `column` holds it as text."""

    title, parameter_name, template = "account", "account", "console/lists/account_filter.html"
    column = "account_id"

    def value(self) -> str:
        """The id, however it was copied."""
        return copied.tidy(super().value() or "")[: lists_listing.LONGEST]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The one that is chosen, by its name. One query, none where none is."""
        chosen = self.value()
        return [(chosen, (nouns.account_label(chosen) or chosen) if chosen else "")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """What its template draws: the account, the way off, and what the address says beside it."""
        rest = {name: value for name, value in changelist.params.items() if name != self.parameter_name}
        for value, name in self.lookup_choices:
            off = changelist.get_query_string(remove=[self.parameter_name])
            yield {"selected": bool(value), "value": value, "display": name, "query_string": off, "rest": rest}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By an index of the account and the list's order."""
        chosen = self.value()
        return queryset.filter(**{self.column: chosen}) if chosen else queryset


class AttentionFilter(Choice):
    """What the home page counts, of any noun whose QuerySet says what needs a person."""

    title, parameter_name, words = "attention", "attention", {"yes": "Needs a person"}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By the one rule of what counts."""
        return queryset.needing_attention()


class Tabbed(Choice):
    """The tabs: drawn above the list and not among the filters. A subclass names its list."""

    title, template = "status", "console/lists/no_filter.html"
    listing: lists_listing.Listing

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By the query that the list of one account uses."""
        return self.listing.narrow(queryset, value)


def tabbed(of: lists_listing.Listing) -> type[Tabbed]:
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

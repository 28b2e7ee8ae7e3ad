"""The lists of one account's Issuing nouns: tabs with counts, one search box, pages by keyset, two kinds of empty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from console.lists import keyset
from console.lists.exports_button import button
from console.lists.exports_cells import FLEET, OF_ACCOUNT, TEXT, Column
from console.operations import buttons, verbs
from console.operations.buttons import Button
from console.people import masking
from console.people.signed_in import PERSONAL, staff
from console.viewing.objects import AccountView
from gateway import copied
from gateway.mirror import Mirror, related
from gateway.spellings import Sought

COUNTED = 1_000  # tabs and pages count no further than this
ROWS = 50
LONGEST = 255


ACCOUNT = (
    Column("Account", lambda row: str(related(row, "account") or row.account_id)),
    Column("Account id", lambda row: row.account_id, TEXT, of="Account"),
)


def by_status(rows: Any, value: str) -> QuerySet:
    """Those with this status."""
    return rows.with_status(value)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list. `tabs` are values of `parameter` with their words; `narrow` names the query of one.

    `columns` are those of its export, in the order of the page; those of the first heading name the row.
    """

    model: type[Mirror]
    title: str
    url: str  # URL name, given the account's id
    table: str  # template of its table
    tabs: dict[str, str]
    narrow: Callable[[Any, str], QuerySet] = by_status
    related: tuple[str, ...] = ()  # read in the same query
    parameter: str = "status"
    placeholder: str  # of the search box: what it takes
    personal: str = ""  # and what it takes of those who may see personal data
    out: str = ""  # the same page in Stripe's Dashboard
    create: str = ""  # the verb that makes one
    empty: str = ""
    columns: tuple[Column, ...] = ()

    def columns_of_account(self) -> tuple[Column, ...]:
        """What the list of one account shows."""
        return tuple(column for column in self.columns if column.only != FLEET)

    def columns_of_fleet(self) -> tuple[Column, ...]:
        """What the list over all accounts shows: the row's name, its account, and the rest."""
        own = [column for column in self.columns if column.only != OF_ACCOUNT]
        name = [column for column in own if column.heading == own[0].heading]
        return (*name, *ACCOUNT, *own[len(name) :])


def counts(*queries: Any) -> list[int]:
    """How many rows each of these queries has, counted no further than COUNTED. One query for all."""
    # In the list's order: else a database reads a table from its oldest row on until it has found enough.
    parts = [
        each.order_by(*each.model._meta.ordering).values("pk")[:COUNTED].query.sql_with_params() for each in queries
    ]
    numbers = ", ".join(f"(SELECT COUNT(*) FROM ({sql}) AS counted)" for sql, _ in parts)  # noqa: S608  (the ORM's own SQL)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {numbers}", [each for _, params in parts for each in params])
        return list(cursor.fetchone())


def count(rows: Any) -> int | str:
    """How many, counted no further than COUNTED, as it is shown. One query."""
    return shown_count(counts(rows)[0])


def shown_count(number: int) -> int | str:
    """A number of `counts` as it is shown."""
    return f"{COUNTED:,}+" if number == COUNTED else number


def context(request: HttpRequest, account_id: str, listing: Listing) -> dict[str, Any]:
    """What a list's page is drawn from: one query for its rows, one for the counts of all tabs."""
    every = listing.model.objects.of_account(account_id)  # type: ignore[attr-defined]
    chosen, words = _asked(request, listing)
    personal = staff(request).has_perm(PERSONAL)
    rows, sought = _narrowed(request, account_id, listing)
    queries = keyset.searched(rows, sought) if sought else [rows]
    shown = keyset.read(queries, request.GET, ROWS)
    masked_rows(request, shown.rows)
    create = buttons.of_account(request, listing.create, account_id) if listing.create else None
    narrowed = bool(chosen or words or keyset.OLDER in request.GET or keyset.NEWER in request.GET)
    asked = {listing.parameter: chosen, "q": words}
    return {
        "title": listing.title,
        "listing": listing,
        "tabs": tabs(every, listing, reverse(listing.url, args=[account_id]), chosen),
        "rows": shown.rows,
        "q": words,
        "placeholder": (personal and listing.personal) or listing.placeholder,
        "chosen": chosen,
        "narrowed": narrowed,
        "export": button(request, listing.model._meta.label_lower, account_id),
        "here": reverse(listing.url, args=[account_id]),
        "newer": address("", {**asked, keyset.NEWER: shown.newer}) if shown.newer else "",
        "older": address("", {**asked, keyset.OLDER: shown.older}) if shown.older else "",
        **actions(request, account_id, listing, asked, queries if shown.newer or shown.older else []),
        "buttons": [create] if create and (shown.rows or narrowed) else [],  # else it stands in the empty list
        "empty_links": _links(create),
    }


def _asked(request: HttpRequest, listing: Listing) -> tuple[str, str]:
    """The chosen tab and the words that are sought."""
    return request.GET.get(listing.parameter, ""), copied.sought(request.GET.get("q", ""))[:LONGEST]


def asked_rows(request: HttpRequest, account_id: str, listing: Listing) -> Any:
    """The account's rows that an address asks for, each with what its columns name."""
    rows, sought = _narrowed(request, account_id, listing)
    return sought.among(rows) if sought else rows


def _narrowed(request: HttpRequest, account_id: str, listing: Listing) -> tuple[Any, Sought | None]:
    """The rows of the chosen tab, and what else is sought."""
    rows: Any = listing.model.objects.of_account(account_id)  # type: ignore[attr-defined]
    chosen, words = _asked(request, listing)
    if chosen:
        rows = listing.narrow(rows, chosen) if chosen in listing.tabs else rows.none()
    sought = rows.sought(words, personal=staff(request).has_perm(PERSONAL)) if words else None
    return rows.select_related(*listing.related).defer(*(f"{name}__data" for name in listing.related)), sought


def masked_rows(request: HttpRequest, rows: list[Any]) -> list[Any]:
    """The rows as this person may see them: to look at, never saved."""
    for row in rows:
        row.data = masking.masked(row.data, may_see=staff(request).has_perm(PERSONAL))
    return rows


def tabs(
    every: Any, listing: Listing, here: str, chosen: str, kept: Mapping[str, str] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """All, then each value, with how many of `every` row there are; `kept` stays in the address. One query."""
    numbers = counts(every, *(listing.narrow(every, value) for value in listing.tabs))
    return [
        {
            "label": word,
            "url": address(here, {**kept, listing.parameter: value}),
            "current": chosen == value,
            "count": shown_count(number),
        }
        for (value, word), number in zip({"": "All", **listing.tabs}.items(), numbers, strict=True)
    ]


def address(here: str, asked: Mapping[str, str]) -> str:
    """A page with what is asked of it, without what is empty."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{here}?{query}" if query else here


def actions(
    request: HttpRequest, account_id: str, listing: Listing, asked: dict[str, str], more: Any
) -> dict[str, Any]:
    """What can be done with several rows at once, by the list over all accounts narrowed to this one: `boxes`, `acts`.

    `more` are the list's queries where a page does not hold all rows: one query each then.
    """
    model = listing.model._meta
    fleet = reverse(f"admin:{model.app_label}_{model.model_name}_changelist")
    usable = [verb for verb in verbs.every() if verb.bulk and verb.noun is listing.model]
    acts = [verb for verb in usable if buttons.allowed(request, verb.name)]
    working = not buttons.looking(request)
    return {
        "acts": acts,
        "boxes": bool(acts) and working,
        "acts_url": address(fleet, {"account": account_id, **asked}),
        "matching": keyset.count(more, COUNTED + 1) if acts and working else 0,
    }


def _links(create: Button | None) -> list[dict[str, Any]]:
    if create is None:
        return []
    label = f"{create.label} (needs work mode)" if create.locked else create.label
    icon = "lock" if create.locked else create.icon
    return [{"label": label, "url": create.url, "icon": icon, "primary": not create.locked}]


class ListView(AccountView):
    """The page of one list of an account."""

    template = "console/lists/list.html"
    listing: Any = None  # a Listing, named in urls.py

    def parts(self) -> dict[str, Any]:
        """See `context`."""
        return context(self.request, self.account_id, self.listing)

    def waiting(self) -> dict[str, Any]:
        """A list tells of none."""
        return {}

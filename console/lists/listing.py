"""The lists of one account's Issuing nouns: tabs with counts, one search box, pages by keyset, two kinds of empty."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from console.lists import keyset
from console.operations import buttons
from console.operations.buttons import Button
from console.people import masking
from console.people.signed_in import PERSONAL, staff
from console.shell.drawing import page
from gateway.mirror import Mirror

COUNTED = 10_000  # tabs and pages count no further than this
ROWS = 50
LONGEST = 255


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list. `tabs` are values of `parameter` with their words; `narrow` names the query of one."""

    model: type[Mirror]
    title: str
    url: str  # URL name, given the account's id
    table: str  # template of its table
    tabs: dict[str, str]
    narrow: Callable[[Any, str], QuerySet]
    related: tuple[str, ...] = ()  # read in the same query
    parameter: str = "status"
    placeholder: str  # of the search box: what it takes
    personal: str = ""  # and what it takes of those who may see personal data
    out: str = ""  # the same page in Stripe's Dashboard
    create: str = ""  # the verb that makes one
    empty: str = ""


def _by_status(rows: Any, value: str) -> QuerySet:
    return rows.with_status(value)


def count(rows: Any) -> int | str:
    """How many, counted no further than COUNTED. One query."""
    found = rows.order_by()[:COUNTED].count()
    return f"{COUNTED:,}+" if found == COUNTED else found


def context(request: HttpRequest, account_id: str, listing: Listing) -> dict[str, Any]:
    """What a list's page is drawn from: one query for its rows, one a tab for the counts."""
    every = listing.model.objects.of_account(account_id)  # type: ignore[attr-defined]
    chosen, words = request.GET.get(listing.parameter, ""), request.GET.get("q", "").strip()[:LONGEST]
    personal = staff(request).has_perm(PERSONAL)
    rows = _narrowed(every, listing, chosen, words, personal=personal)
    shown = keyset.read(rows.select_related(*listing.related), request.GET, ROWS)
    for row in shown.rows:  # to look at, never saved
        row.data = masking.masked(row.data, may_see=personal)
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
        "here": reverse(listing.url, args=[account_id]),
        "newer": _address(asked, keyset.NEWER, shown.newer),
        "older": _address(asked, keyset.OLDER, shown.older),
        "buttons": [create] if create and (shown.rows or narrowed) else [],  # else it stands in the empty list
        "empty_links": _links(create),
    }


def _narrowed(every: Any, listing: Listing, chosen: str, words: str, *, personal: bool) -> Any:
    rows = every
    if chosen:
        rows = listing.narrow(rows, chosen) if chosen in listing.tabs else rows.none()
    return rows.search(words, personal=personal) if words else rows


def tabs(every: Any, listing: Listing, here: str, chosen: str) -> list[dict[str, Any]]:
    """All, then each value, with how many of `every` row there are; one query each."""
    first = {"label": "All", "url": here, "current": not chosen, "count": count(every)}
    return [first] + [
        {
            "label": word,
            "url": f"{here}?{listing.parameter}={value}",
            "current": chosen == value,
            "count": count(listing.narrow(every, value)),
        }
        for value, word in listing.tabs.items()
    ]


def _address(asked: dict[str, str], name: str, cursor: str) -> str:
    kept = {key: value for key, value in asked.items() if value}
    return f"?{urlencode({**kept, name: cursor})}" if cursor else ""


def _links(create: Button | None) -> list[dict[str, Any]]:
    if create is None:
        return []
    label = f"{create.label} (needs work mode)" if create.locked else create.label
    icon = "lock" if create.locked else create.icon
    return [{"label": label, "url": create.url, "icon": icon, "primary": not create.locked}]


def list_page(request: HttpRequest, account_id: str, listing: Listing) -> HttpResponse:
    """The page of one list."""
    return page(request, "console/lists/list.html", context(request, account_id, listing))

"""The lists of one account's Issuing nouns: tabs with counts, one search box, pages by keyset, two kinds of empty."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts import masking
from console import keyset
from console.sessions import PERSONAL, staff
from issuing import buttons
from issuing.base import COUNTED, OfIssuing
from issuing.buttons import Button
from issuing.models import Authorization, Card, Cardholder, Topup, Transaction

ROWS = 50
LONGEST = 255


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list. `tabs` are values of `parameter` with their words; `narrow` names the query of one."""

    model: type[OfIssuing]
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


CARDHOLDERS = Listing(
    model=Cardholder,
    title="Cardholders",
    url="cardholders",
    table="issuing/parts/cardholders.html",
    tabs={"active": "Active", "inactive": "Inactive", "blocked": "Blocked"},
    narrow=_by_status,
    placeholder="Id or name",
    personal="Id, name or e-mail",
    out="issuing-cardholders",
    create="issuing.create_cardholder",
    empty="A cardholder is a person or a business that may hold cards of this account. Cards are made for one.",
)
CARDS = Listing(
    model=Card,
    title="Cards",
    url="cards",
    table="issuing/parts/cards.html",
    tabs={"active": "Active", "inactive": "Inactive", "canceled": "Canceled"},
    narrow=_by_status,
    related=("cardholder",),
    placeholder="Id, last four or cardholder",
    out="issuing-cards",
    create="issuing.create_card",
    empty="A card is made for a cardholder, inactive, and declines everything until it is activated.",
)
AUTHORIZATIONS = Listing(
    model=Authorization,
    title="Authorizations",
    url="authorizations",
    table="issuing/parts/authorizations.html",
    tabs={
        "approved": "Approved",
        "declined": "Declined",
        "pending": "Pending",
        "reversed": "Reversed",
        "expired": "Expired",
    },
    narrow=lambda rows, value: rows.with_outcome(value),
    related=("card", "cardholder"),
    parameter="outcome",
    placeholder="Id, last four or merchant",
    out="issuing-authorizations",
    create="issuing.create_test_authorization",
    empty="Each time a card is used, the merchant asks first. Every such request will stand here, declined ones too.",
)
TRANSACTIONS = Listing(
    model=Transaction,
    title="Transactions",
    url="transactions",
    table="issuing/parts/transactions.html",
    tabs={"capture": "Captures", "refund": "Refunds"},
    narrow=lambda rows, value: rows.with_type(value),
    related=("card", "cardholder"),
    parameter="type",
    placeholder="Id, last four or merchant",
    out="issuing-transactions",
    empty="A transaction is made when a merchant takes the money that an authorization holds, or gives it back.",
)
TOPUPS = Listing(
    model=Topup,
    title="Top-ups",
    url="topups",
    table="issuing/parts/topups.html",
    tabs={"pending": "Pending", "succeeded": "Succeeded", "failed": "Failed", "canceled": "Canceled"},
    narrow=_by_status,
    placeholder="Id",
    create="issuing.create_topup",
    empty="A top-up pulls money in from a bank. Cards can spend it once it has succeeded.",
)


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

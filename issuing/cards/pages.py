"""The pages of an account's cards."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.lists import listing
from console.lists.listing import Listing, _by_status, list_page
from console.operations import buttons
from console.operations.buttons import present
from console.shell.drawing import page
from console.viewing.access import get_object, view_as
from console.viewing.objects import RECENT, object_context
from gateway import clock, mirror
from gateway.shapes import hash_at, integer_at
from issuing.authorizations.models import Authorization
from issuing.cards.models import Card
from issuing.controls import words as controls_words

CARDS = Listing(
    model=Card,
    title="Cards",
    url="cards",
    table="issuing/cards/rows.html",
    tabs={"active": "Active", "inactive": "Inactive", "canceled": "Canceled"},
    narrow=_by_status,
    related=("cardholder",),
    placeholder="Id, last four or cardholder",
    out="issuing-cards",
    create="issuing.create_card",
    empty="A card is made for a cardholder, inactive, and declines everything until it is activated.",
)


def card_context(request: HttpRequest, row: Card) -> dict[str, Any]:
    """One card, read `with_cardholder`: controls with Stripe's silent ones, and its last purchases. Three queries."""
    data, currency = row.data or {}, row.currency
    holder = mirror.related(row, "cardholder")
    found = Authorization.objects.of_card(row.pk)
    return {
        "title": f"Card {row}",
        "card": row,
        "cardholder": holder,
        "data": data,
        "expired": _expired(data),
        "controls": controls_words.controls(hash_at(data, "spending_controls"), currency),
        "silent": controls_words.silent_limits(hash_at(data, "spending_controls"), currency),
        "of_cardholder": controls_words.controls(hash_at(holder.data, "spending_controls"), currency) if holder else [],
        "rows": list(found.with_card()[:RECENT]),
        "authorization_count": listing.count(found),
        "wallets": [
            (name, state) for name, state in hash_at(data, "wallets").items() if isinstance(state, dict) and state
        ],
        "change_controls": None if row.canceled else buttons.of_object(request, "issuing.update_card", row),
        **_card_buttons(request, row),
        **object_context(request, row),
    }


def _expired(data: dict[str, Any]) -> bool:
    now = clock.now()
    year, month = integer_at(data, "exp_year"), integer_at(data, "exp_month")
    return year is not None and month is not None and (year, month) < (now.year, now.month)


def _card_buttons(request: HttpRequest, row: Card) -> dict[str, Any]:
    """A canceled card has none: nothing makes it work again."""
    if row.canceled or row.gone:
        return {"buttons": [], "final": None}
    change = "issuing.deactivate_card" if row.status == "active" else "issuing.activate_card"
    test = buttons.of_account(request, "issuing.create_test_authorization", row.account_id or "", card=row.pk)
    return {
        "buttons": present(test if row.status == "active" else None, buttons.of_object(request, change, row)),
        "final": buttons.of_object(request, "issuing.cancel_card", row),
    }


@require_safe
@view_as
def cards(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's cards."""
    return list_page(request, account_id, CARDS)


@require_safe
@view_as
def card(request: HttpRequest, account_id: str, card_id: str) -> HttpResponse:
    """One card."""
    row = get_object(request, Card, account_id, card_id)
    return page(request, "issuing/cards/card.html", card_context(request, row))

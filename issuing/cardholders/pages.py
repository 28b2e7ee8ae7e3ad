"""The pages of an account's cardholders."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.lists import listing
from console.lists.listing import Listing, _by_status, list_page
from console.operations import buttons
from console.operations.buttons import present
from console.people import masking
from console.people.signed_in import may_see
from console.shell.drawing import page
from console.viewing.access import get_object, view_as
from console.viewing.objects import RECENT, object_context
from gateway.shapes import hash_at, text_at
from issuing.authorizations.models import Authorization
from issuing.cardholders import words as cardholders_words
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.controls import words as controls_words

CARDHOLDERS = Listing(
    model=Cardholder,
    title="Cardholders",
    url="cardholders",
    table="issuing/cardholders/rows.html",
    tabs={"active": "Active", "inactive": "Inactive", "blocked": "Blocked"},
    narrow=_by_status,
    placeholder="Id or name",
    personal="Id, name or e-mail",
    out="issuing-cardholders",
    create="issuing.create_cardholder",
    empty="A cardholder is a person or a business that may hold cards of this account. Cards are made for one.",
)


def cardholder_context(request: HttpRequest, row: Cardholder) -> dict[str, Any]:
    """One cardholder: what Stripe asks, their cards, controls, what they bought last. Four queries."""
    currency = _limits_currency(row)
    cards = Card.objects.of_cardholder(row.pk)
    verb = "issuing.deactivate_cardholder" if row.status == "active" else "issuing.activate_cardholder"
    return {
        "title": str(row),
        "cardholder": row,
        "data": masking.masked(row.data, may_see=may_see(request)),
        "asked": cardholders_words.asked(row.past_due),
        "stopped": cardholders_words.disabled(row.disabled_reason) if row.disabled_reason else None,
        "controls": controls_words.controls(hash_at(row.data, "spending_controls"), currency),
        "cards": list(cards[:RECENT]),
        "card_count": listing.count(cards),
        "rows": list(Authorization.objects.of_cardholder(row.pk).with_card()[:RECENT]),
        "update": buttons.of_object(request, "issuing.update_cardholder", row),
        "create_card": buttons.of_account(request, "issuing.create_card", row.account_id or "", cardholder=row.pk),
        "buttons": present(None if row.status == "blocked" else buttons.of_object(request, verb, row)),
        **object_context(request, row),
    }


def _limits_currency(row: Cardholder | Card) -> str:
    named = text_at(row.data, "spending_controls.spending_limits_currency")
    return named or getattr(row, "currency", "") or "usd"


@require_safe
@view_as
def cardholders(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's cardholders."""
    return list_page(request, account_id, CARDHOLDERS)


@require_safe
@view_as
def cardholder(request: HttpRequest, account_id: str, cardholder_id: str) -> HttpResponse:
    """One cardholder."""
    row = get_object(request, Cardholder, account_id, cardholder_id)
    return page(request, "issuing/cardholders/cardholder.html", cardholder_context(request, row))

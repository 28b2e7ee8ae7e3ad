"""The pages of an account's authorizations."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.lists.listing import Listing, list_page
from console.operations import buttons
from console.operations.buttons import present
from console.shell import formats
from console.shell.drawing import page
from console.viewing.access import get_object, view_as
from console.viewing.objects import object_context
from gateway import mirror
from gateway.shapes import hash_at, hashes_at, integer_at, text_at
from issuing.authorizations import words as authorizations_words
from issuing.authorizations.models import Authorization
from issuing.balances import words as balances_words
from issuing.cards.models import Card
from issuing.declines import models as declines_models
from issuing.declines import words
from issuing.transactions.models import Transaction

AUTHORIZATIONS = Listing(
    model=Authorization,
    title="Authorizations",
    url="authorizations",
    table="issuing/authorizations/rows.html",
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
# What a template names must be there, whatever Stripe left out.
NO_REQUEST = dict.fromkeys(
    ("amount", "approved", "created", "currency", "merchant_amount", "merchant_currency", "reason", "requested_at")
)
NO_MOVEMENT = dict.fromkeys(("created", "currency", "id", "net"))


def authorization_context(request: HttpRequest, row: Authorization) -> dict[str, Any]:
    """One authorization, read `with_card`: why, the ladder, its whole history, its money. At most nine queries."""
    scene = declines_models.scene(row)
    told = words.told(scene)
    data, moved = row.data or {}, list(Transaction.objects.of_authorization(row.pk))
    pending = row.approved and row.status == "pending"
    return {
        "title": f"{formats.amount(row.requested, row.currency)} at {row.merchant_name or 'an unnamed merchant'}",
        "authorization": row,
        "card": mirror.related(row, "card"),
        "cardholder": mirror.related(row, "cardholder"),
        "scene": scene,
        "told": told,
        "declined": not scene.request.get("approved"),
        "mend": mend(request, row, told, words.held_by(scene)),
        "ladder": words.ladder(scene),
        "history": [{**NO_REQUEST, **each} for each in hashes_at(data, "request_history")],
        "transactions": moved,
        "captured": -sum(each.amount for each in moved if each.type == "capture"),
        "refunded": sum(each.amount for each in moved if each.type == "refund"),
        "movements": [
            ({**NO_MOVEMENT, **each}, balances_words.MOVEMENTS.get(text_at(each, "type"), text_at(each, "type")))
            for each in hashes_at(data, "balance_transactions")
        ],
        "held": held(data),
        "merchant": hash_at(data, "merchant_data"),
        "checks": [
            (label, text_at(data, f"verification_data.{name}")) for name, label in authorizations_words.CHECKS.items()
        ],
        "method": authorizations_words.METHODS.get(scene.method, scene.method),
        "presence": authorizations_words.PRESENCES.get(scene.presence, scene.presence),
        "buttons": present(
            buttons.of_object(request, "issuing.capture_test_authorization", row) if pending else None,
            buttons.of_object(request, "issuing.reverse_test_authorization", row) if pending else None,
        ),
        **object_context(request, row),
    }


def held(data: dict[str, Any]) -> int:
    """What an authorization holds now, in minor units, from the movements that Stripe lists in it."""
    rows = hashes_at(data, "balance_transactions")
    holds = (each for each in rows if text_at(each, "type").startswith("issuing_authorization_"))
    return -sum(integer_at(each, "net") or 0 for each in holds)


def mend(request: HttpRequest, row: Authorization, told: words.Told, held: str) -> buttons.Button | None:
    """The button that does something about a decline, on the object that it is about; a card's controls mend no limit
    that is its cardholder's or Stripe's own.
    """
    name = told.reason.verb
    if not name or (name == "issuing.update_card" and held in ("cardholder", "stripe")):
        return None
    if name in ("issuing.create_topup", "issuing.create_card"):
        initial = {"cardholder": row.cardholder_id} if name.endswith("card") and row.cardholder_id else {}
        return buttons.of_account(request, name, row.account_id or "", **initial)
    subject: Any = mirror.related(row, "cardholder") if name.endswith("cardholder") else mirror.related(row, "card")
    if subject is None or (isinstance(subject, Card) and subject.canceled):
        return None
    done = name.partition(".activate_")[1] and subject.status == "active"
    return None if done else buttons.of_object(request, name, subject)


@require_safe
@view_as
def authorizations(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's authorizations."""
    return list_page(request, account_id, AUTHORIZATIONS)


@require_safe
@view_as
def authorization(request: HttpRequest, account_id: str, authorization_id: str) -> HttpResponse:
    """One authorization, and why it was answered as it was."""
    row = get_object(request, Authorization, account_id, authorization_id)
    return page(request, "issuing/authorizations/authorization.html", authorization_context(request, row))

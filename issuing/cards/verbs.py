"""What staff do with cards."""

from typing import Any

from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb, register
from console.shell import formats
from gateway.errors import Refused
from issuing import base
from issuing.acts import (
    SHOWN_MARK,
    changing,
    found_by_mark,
    found_by_status,
    in_doubt,
    mark,
    outcome,
    page_of,
    said,
    shown,
    status_effects,
    status_request,
)
from issuing.authorizations.models import Authorization
from issuing.base import given, minor
from issuing.cards.forms import CancelCardForm, CreateCardForm
from issuing.cards.models import Card

Data = dict[str, Any]


def card_body(values: Data, currency: str, marks: Data) -> Data:
    """The body of a virtual card's creation, inactive."""
    amount = minor(values.get("limit_amount"), currency)
    limit = {"amount": amount, "interval": values.get("limit_interval") or "monthly"}
    return given(
        {
            "cardholder": values.get("cardholder"),
            "currency": currency,
            "type": "virtual",
            "status": "inactive",
            "spending_controls": {"spending_limits": [limit]} if amount else None,
            "metadata": marks,
        }
    )


def card_objection(row: Card) -> str:
    """Why nothing can be done with a card any more, "" where something can."""
    if row.canceled:
        return f"Card {row} was canceled. A canceled card never works again, and nothing here can change that."
    return f"Card {row} is not at Stripe any more." if row.gone else ""


def _create_card(operation: Operation, values: Data) -> Outcome:
    body = card_body(values, base.currency_of(operation.account_id), mark(operation))
    row, answer = Card.create_card(account_id=operation.account_id, key=operation.key, params=body)
    return outcome(row, answer.request_id)


def _create_card_request(account_id: str, values: Data) -> Request:
    body = card_body(values, base.currency_of(account_id), SHOWN_MARK)
    return Request("POST", "/v1/issuing/cards", account_id, body, undo="Cancel it. It is inactive until activated.")


def _cancel_card(operation: Operation, values: Data) -> Outcome:
    """A card that is found canceled after an attempt of ours in doubt is what we wanted."""
    try:
        return _send_cancel(operation, values)
    except Refused:
        row = Card.objects.filter(pk=operation.object_id).first()
        if row and row.canceled and in_doubt(operation):
            return outcome(row)
        raise


_send_cancel = changing(Card, Card.cancel, "cancellation_reason")


def _cancel_card_request(account_id: str, values: Data) -> Request:
    row, reason = shown(Card, values), values.get("cancellation_reason")
    body = base.given({"status": "canceled", "cancellation_reason": reason})
    changed, facts = (("Status", row.status, "canceled"),), (("Can still be captured", _open_holds([row])[row.pk]),)
    undo = "There is no way back: a canceled card never works again. The cardholder needs a new one."
    return Request("POST", f"/v1/issuing/cards/{row.pk}", account_id, body, changed, facts, undo)


def _open_holds(cards: list[Card]) -> dict[str, str]:
    """What merchants can still take of each card although it is canceled. One query."""
    open_holds = Authorization.objects.open_of_cards([card.pk for card in cards])
    return {card.pk: _holds_words(card, open_holds.get(card.pk, (0, 0))) for card in cards}


def _holds_words(card: Card, found: tuple[int, int]) -> str:
    number, amount = found
    if not number:
        return "nothing that we know of"
    purchases = "1 open authorization" if number == 1 else f"{number} open authorizations"
    return f"{purchases}, {formats.amount(amount, card.currency)}"


def _cancel_effects(cards: list[Any]) -> dict[str, str]:
    holds = _open_holds(cards)
    return {card.pk: f"{card.status} → canceled for good. Can still be captured: {holds[card.pk]}" for card in cards}


create_card = register(
    Verb(
        name="issuing.create_card",
        many=False,
        label="Create card",
        permission="issuing.create_card",
        send=_create_card,
        form=CreateCardForm,
        request=_create_card_request,
        find=found_by_mark(Card),
        done=said("Card {} was created. It is inactive until it is activated.", ""),
        next_url=page_of("card"),
        stripe_object="issuing.card",
    )
)
activate_card = register(
    Verb(
        name="issuing.activate_card",
        label="Activate card",
        permission="issuing.activate_card",
        send=changing(Card, Card.activate),
        request=status_request(Card, "active", "Deactivate the card again."),
        find=found_by_status(Card, "active"),
        noun=Card,
        objection=card_objection,
        effects=status_effects("active"),
        done=said("Card {} is active.", ""),
        next_url=page_of("card"),
        stripe_object="issuing.card",
    )
)
deactivate_card = register(
    Verb(
        name="issuing.deactivate_card",
        label="Deactivate card",
        permission="issuing.deactivate_card",
        send=changing(Card, Card.deactivate),
        request=status_request(Card, "inactive", "Activate the card again. Until then each purchase is declined."),
        find=found_by_status(Card, "inactive"),
        noun=Card,
        objection=card_objection,
        effects=status_effects("inactive"),
        done=said("Card {} is inactive: each purchase is declined.", ""),
        next_url=page_of("card"),
        stripe_object="issuing.card",
    )
)
cancel_card = register(
    Verb(
        name="issuing.cancel_card",
        label="Cancel card",
        permission="issuing.cancel_card",
        send=_cancel_card,
        form=CancelCardForm,
        request=_cancel_card_request,
        find=found_by_status(Card, "canceled"),
        noun=Card,
        objection=card_objection,
        effects=_cancel_effects,
        final=True,
        done=said("Card {} is canceled, for good.", ""),
        next_url=page_of("card"),
        stripe_object="issuing.card",
    )
)

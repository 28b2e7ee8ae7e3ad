"""What staff can do with cardholders and cards; issuing.money_verbs has top-ups and test purchases.

issuing.control_verbs has what a card may spend.
"""

from typing import Any

from console.models import Operation
from console.verbs import Outcome, Request, Verb, register
from gateway.errors import Refused
from issuing import control_verbs, money_verbs, params, words
from issuing.acts import (
    SHOWN_MARK,
    UPDATE_MARK,
    card_objection,
    changing,
    found_by_mark,
    found_by_status,
    found_by_update_mark,
    get,
    in_doubt,
    mark,
    outcome,
    page_of,
    said,
    shown,
    status_effects,
    status_request,
)
from issuing.base import Data
from issuing.forms import CancelCardForm, CreateCardForm, CreateCardholderForm, UpdateCardholderForm, changes, current
from issuing.models import Authorization, Card, Cardholder

__all__ = ["control_verbs", "money_verbs"]  # loaded with this module, as the rooms' verbs are
PERSONAL = (
    *("name", "email", "phone_number", "first_name", "last_name"),
    *("line1", "line2", "city", "state", "postal_code", "terms_ip", "terms_user_agent"),
)
SENSITIVE = ("dob", "tax_id")


# Cardholders


def _create_cardholder(operation: Operation, values: Data) -> Outcome:
    body = params.cardholder(values, mark(operation))
    row, answer = Cardholder.create_cardholder(account_id=operation.account_id, key=operation.key, params=body)
    return outcome(row, answer.request_id)


def _create_cardholder_request(account_id: str, values: Data) -> Request:
    return Request(
        "POST",
        "/v1/issuing/cardholders",
        account_id,
        params.cardholder(values, SHOWN_MARK),
        undo="It can be deactivated, never deleted. Name and type stay.",
    )


def _first_address(account_id: str) -> Data:
    """The account's own country: its cardholders mostly live there."""
    country = params.country_of(account_id)
    return {"country": country} if country else {}


def _update_cardholder(operation: Operation, values: Data) -> Outcome:
    row: Cardholder = get(Cardholder, operation)
    body = params.cardholder(values, {UPDATE_MARK: str(operation.pk)})
    row, answer = row.update(key=operation.key, params=body)
    return outcome(row, answer.request_id)


def _update_cardholder_request(account_id: str, values: Data) -> Request:
    row = shown(Cardholder, values)
    before, changed = current(row), changes(row, values)
    return Request(
        "POST",
        f"/v1/issuing/cardholders/{row.pk}",
        account_id,
        params.cardholder(changed, {UPDATE_MARK: "<this operation>"}),
        changes=tuple((name, before.get(name), value) for name, value in changed.items() if value != before.get(name)),
        undo="Change it back.",
    )


def _cardholder_objection(row: Cardholder) -> str:
    if row.status == "blocked":
        return f"Stripe has blocked {row} for good: nothing can be changed."
    return f"{row} is not at Stripe any more." if row.gone else ""


create_cardholder = register(
    Verb(
        name="issuing.create_cardholder",
        many=False,
        label="Create cardholder",
        permission="issuing.create_cardholder",
        send=_create_cardholder,
        form=CreateCardholderForm,
        request=_create_cardholder_request,
        initial=_first_address,
        find=found_by_mark(Cardholder),
        sensitive=SENSITIVE,
        personal=PERSONAL,
        done=said("{} was created.", "Cardholder"),
        next_url=page_of("cardholder"),
        stripe_object="issuing.cardholder",
    )
)
update_cardholder = register(
    Verb(
        name="issuing.update_cardholder",
        many=False,
        label="Update cardholder",
        permission="issuing.update_cardholder",
        send=_update_cardholder,
        form=UpdateCardholderForm,
        request=_update_cardholder_request,
        initial=lambda cardholder_id: current(shown(Cardholder, {"cardholder": cardholder_id})),
        find=found_by_update_mark(Cardholder),
        noun=Cardholder,
        objection=_cardholder_objection,
        sensitive=SENSITIVE,
        personal=PERSONAL,
        done=said("{} was changed.", "Cardholder"),
        next_url=page_of("cardholder"),
        stripe_object="issuing.cardholder",
    )
)
activate_cardholder = register(
    Verb(
        name="issuing.activate_cardholder",
        label="Activate cardholder",
        permission="issuing.update_cardholder",
        send=changing(Cardholder, Cardholder.activate),
        request=status_request(Cardholder, "active", "Deactivate the cardholder again."),
        find=found_by_status(Cardholder, "active"),
        noun=Cardholder,
        objection=_cardholder_objection,
        effects=status_effects("active"),
        done=said("{} is active: their active cards work.", "Cardholder"),
        next_url=page_of("cardholder"),
        stripe_object="issuing.cardholder",
    )
)
deactivate_cardholder = register(
    Verb(
        name="issuing.deactivate_cardholder",
        label="Deactivate cardholder",
        permission="issuing.update_cardholder",
        send=changing(Cardholder, Cardholder.deactivate),
        request=status_request(
            Cardholder, "inactive", "Activate the cardholder again. Until then each of their cards is declined."
        ),
        find=found_by_status(Cardholder, "inactive"),
        noun=Cardholder,
        objection=_cardholder_objection,
        effects=status_effects("inactive"),
        done=said("{} is inactive: each of their cards is declined.", "Cardholder"),
        next_url=page_of("cardholder"),
        stripe_object="issuing.cardholder",
    )
)


# Cards


def _create_card(operation: Operation, values: Data) -> Outcome:
    body = params.card(values, params.currency_of(operation.account_id), mark(operation))
    row, answer = Card.create_card(account_id=operation.account_id, key=operation.key, params=body)
    return outcome(row, answer.request_id)


def _create_card_request(account_id: str, values: Data) -> Request:
    body = params.card(values, params.currency_of(account_id), SHOWN_MARK)
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
    body = params.given({"status": "canceled", "cancellation_reason": reason})
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
    return f"{purchases}, {words.amount(amount, card.currency)}"


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

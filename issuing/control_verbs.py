"""What staff can do with a card's spending controls."""

from console.models import Operation
from console.verbs import Outcome, Request, Verb, register
from gateway.errors import Refused
from issuing import controls, params
from issuing.acts import (
    NOT_SENT,
    UPDATE_MARK,
    card_objection,
    found_by_update_mark,
    get,
    in_doubt,
    outcome,
    page_of,
    said,
    shown,
)
from issuing.base import Data
from issuing.models import Canceled, Card

_find = found_by_update_mark(Card)


def _update_card(operation: Operation, values: Data) -> Outcome:
    """A card that was canceled after an attempt of ours in doubt tells by its mark whether that one arrived."""
    row: Card = get(Card, operation)
    given = {name: values[name] for name in controls.NAMES if name in values}
    body = params.card_controls(given, row.currency, {UPDATE_MARK: str(operation.pk)})
    try:
        changed, answer = row.update(key=operation.key, params=body)
    except Canceled as canceled:
        found = _find(operation) if in_doubt(operation) else None
        if found:
            return found
        raise Refused(str(canceled), code=NOT_SENT) from None
    return outcome(changed, answer.request_id)


def _update_card_request(account_id: str, values: Data) -> Request:
    row = shown(Card, values)
    body = params.card_controls(controls.changes(row, values), row.currency, {UPDATE_MARK: "<this operation>"})
    return Request(
        "POST",
        f"/v1/issuing/cards/{row.pk}",
        account_id,
        body,
        changes=controls.told(row, values),
        facts=controls.silent(row, values),
        undo="Change it back. What was approved meanwhile stays approved.",
    )


update_card = register(
    Verb(
        name="issuing.update_card",
        many=False,
        label="Change spending controls",
        permission="issuing.update_card",
        send=_update_card,
        form=controls.UpdateCardForm,
        request=_update_card_request,
        initial=lambda card_id: controls.current(shown(Card, {"card": card_id})),
        find=_find,
        noun=Card,
        objection=card_objection,
        done=said("Spending controls of card {} were changed.", ""),
        next_url=page_of("card"),
        stripe_object="issuing.card",
    )
)

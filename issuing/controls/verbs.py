"""Change what a card may spend."""

from typing import Any

from console.operations.attempts import NOT_SENT
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb, register
from gateway.errors import Refused
from issuing.acts import UPDATE_MARK, found_by_update_mark, get, in_doubt, outcome, page_of, said, shown
from issuing.cards.models import Canceled, Card
from issuing.cards.verbs import card_objection
from issuing.controls import forms
from issuing.controls import forms as controls_forms

Data = dict[str, Any]

_find = found_by_update_mark(Card)


def _update_card(operation: Operation, values: Data) -> Outcome:
    """A card that was canceled after an attempt of ours in doubt tells by its mark whether that one arrived."""
    row: Card = get(Card, operation)
    given = {name: values[name] for name in forms.NAMES if name in values}
    body = controls_forms.card_controls(given, row.currency, {UPDATE_MARK: str(operation.pk)})
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
    body = controls_forms.card_controls(forms.changes(row, values), row.currency, {UPDATE_MARK: "<this operation>"})
    return Request(
        "POST",
        f"/v1/issuing/cards/{row.pk}",
        account_id,
        body,
        changes=forms.told(row, values),
        facts=forms.silent(row, values),
        undo="Change it back. What was approved meanwhile stays approved.",
    )


update_card = register(
    Verb(
        name="issuing.update_card",
        many=False,
        label="Change spending controls",
        permission="issuing.update_card",
        send=_update_card,
        form=forms.UpdateCardForm,
        request=_update_card_request,
        initial=lambda card_id: forms.current(shown(Card, {"card": card_id})),
        find=_find,
        noun=Card,
        objection=card_objection,
        done=said("Spending controls of card {} were changed.", ""),
        next_url=page_of("card"),
        stripe_object="issuing.card",
    )
)

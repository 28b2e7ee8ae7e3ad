"""Change what a card may spend."""

from typing import Any

from console.operations import finding
from console.operations.finding import SHOWN, UPDATE_MARK
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, UpdateVerb
from issuing.cards.models import Canceled, Card
from issuing.cards.verbs import CardVerb
from issuing.controls import forms

Data = dict[str, Any]


class UpdateCard(CardVerb, UpdateVerb):
    """A card's spending controls."""

    name = "issuing.update_card"
    label = "Change spending controls"
    permission = "issuing.update_card"
    form = forms.UpdateCardForm
    undo = "Change it back. What was approved meanwhile stays approved."
    sentence = "Spending controls of card {} were changed."

    def initial(self, row: Card) -> Data:
        """As they stand."""
        return forms.current(row)

    def body(self, row: Card, values: Data) -> Data:
        """What changes: the form leaves only that."""
        return forms.controls_body({name: values[name] for name in forms.NAMES if name in values}, row.currency)

    def request(self, row: Card, values: Data) -> Request:
        """The POST, each control before and after, and Stripe's silent limits."""
        body = forms.controls_body(forms.changes(row, values), row.currency)
        return Request(
            "POST",
            self.path(row),
            row.account_id or "",
            {**body, "metadata": {UPDATE_MARK: SHOWN}},
            changes=forms.changes_in_words(row, values),
            facts=forms.silent(row, values),
            undo=self.undo,
        )

    def send(self, operation: Operation, values: Data) -> Outcome:
        """A card that was canceled after an attempt of ours in doubt tells by its mark whether that one arrived."""
        try:
            return super().send(operation, values)
        except Canceled:
            found = self.find(operation) if finding.in_doubt(operation) else None
            if found:
                return found
            raise

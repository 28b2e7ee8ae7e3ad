"""Change what a card may spend."""

from dataclasses import replace
from typing import Any

from console.operations import finding
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

    def changed(self, row: Card, values: Data) -> Data:
        """Controls that are others than the card's."""
        return forms.changes(row, values)

    def request(self, row: Card, values: Data) -> Request:
        """The POST, each control before and after in words, and Stripe's silent limits."""
        return replace(
            super().request(row, values),
            changes=forms.changes_in_words(row, values),
            facts=(*forms.uncertain(row, values), *forms.silent(row, values)),
        )

    def outcome(self, row: Card, request_id: str = "", **result: Any) -> Outcome:
        """The outcome, with the names of the controls that the card in Stripe's answer has."""
        found = [name for name, value in forms.current(row).items() if value]
        return super().outcome(row, request_id, controls=found, **result)

    def done(self, operation: Operation) -> str:
        """The sentence, and whether what was to be lifted is gone, where Stripe's answer showed the controls."""
        sentence, lifted = super().done(operation), forms.lifted(operation.params)
        if lifted and "controls" not in operation.result:
            return f"{sentence} Whether Stripe lifted what was to be lifted was not read: look at the card."
        held = ", ".join(forms.LABELS[name] for name in self._held(operation))
        return f"{sentence} But Stripe’s answer still holds what was to be lifted: {held}." if held else sentence

    def went_well(self, operation: Operation) -> bool:
        """Not where the card still has what was to be lifted."""
        return not self._held(operation)

    @staticmethod
    def _held(operation: Operation) -> list[str]:
        return [name for name in forms.lifted(operation.params) if name in operation.result.get("controls", ())]

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Of a card canceled after an attempt of ours in doubt, the metadata say whether that attempt arrived."""
        try:
            return super().send(operation, values)
        except Canceled:
            found = self.find(operation) if finding.in_doubt(operation) else None
            if found:
                return found
            raise

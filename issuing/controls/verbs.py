"""Change what a card may spend."""

from dataclasses import replace
from typing import Any

from console.operations import finding
from console.operations.fields import minor
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, UpdateVerb, Weight
from issuing.cards.models import Canceled, Card
from issuing.cards.verbs import CardVerb
from issuing.controls import forms
from issuing.controls.forms import LIMITS, PAIRS

Data = dict[str, Any]


class UpdateCard(CardVerb, UpdateVerb):
    """A card's spending controls."""

    name = "issuing.update_card"
    label = "Change spending controls"
    permission = "issuing.update_card"
    form, from_file = forms.UpdateCardForm, forms.NAMES
    reads = 1
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

    def weights(self, row: Card, values: Data) -> list[Weight]:
        """What of the controls is loosened."""
        return loosened(row.currency, forms.current(row), forms.changes(row, values))

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


def loosened(currency: str, now: Data, new: Data) -> list[Weight]:
    """What lets the card spend more than before: a weight for the limits, and one for the lists. `new` has only what
    changes.
    """
    found = [_limits(currency, now[LIMITS], new[LIMITS])] if LIMITS in new else []
    if any(_opened(now, new, allowed, blocked) for allowed, blocked in PAIRS):
        found.append(Weight(None, currency, loosens=True))
    return [each for each in found if each.loosens]


def _limits(currency: str, now: list[Data], new: list[Data]) -> Weight:
    """The largest amount that is raised, or that stands in the place of a limit that is dropped; None: only dropped.

    A card without limits has Stripe's own small one, so that its first limit counts as raised.
    """
    before, after = _by_kind(now, currency), _by_kind(new, currency)
    raised = [amount for kind, amount in after.items() if kind in before and amount > before[kind]]
    replacing = [amount for kind, amount in after.items() if kind not in before]
    if not (before.keys() - after.keys() or raised or not before):
        return Weight()
    return Weight(max([*raised, *replacing], default=None), currency, loosens=True)


def _by_kind(limits: list[Data], currency: str) -> dict[tuple[str, ...], int]:
    """(interval, categories) → the strictest amount, in minor units."""
    found: dict[tuple[str, ...], int] = {}
    for each in limits:
        kind = (each["interval"], *sorted(each.get("categories") or ()))
        amount = minor(each["amount"], currency) or 0
        found[kind] = min(amount, found.get(kind, amount))
    return found


def _opened(now: Data, new: Data, allowed: str, blocked: str) -> bool:
    """Whether more categories or countries are let in: allowed ones added or lifted, blocked ones taken away."""
    if allowed in new and now[allowed]:
        return not new[allowed] or not set(new[allowed]) <= set(now[allowed])
    return blocked in new and not set(now[blocked]) <= set(new[blocked])

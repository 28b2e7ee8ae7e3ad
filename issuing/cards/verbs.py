"""What staff do with cards."""

from typing import Any

from accounts.account.models import currency_of
from console.operations import finding
from console.operations.fields import minor
from console.operations.models import Operation
from console.operations.verbs import CreateVerb, ObjectVerb, Outcome, Request, StatusVerb, Weight, given
from console.shell import formats
from gateway.errors import Refused
from issuing.authorizations.models import Authorization
from issuing.cards.forms import CancelCardForm, CancelCardsForm, CreateCardForm
from issuing.cards.models import Card
from issuing.cards.words import LOST, VERIFIED

Data = dict[str, Any]
CALLER = "How the caller was verified"


class CreateCard(CreateVerb):
    """A virtual card, inactive."""

    name = "issuing.create_card"
    label = "Create card"
    permission = "issuing.create_card"
    form = CreateCardForm
    makes = Card
    stripe_object = "issuing.card"
    page = "card"
    undo = "Cancel it. It is inactive until activated."
    sentence = "Card {} was created. It is inactive until it is activated."

    def weights(self, row: Any, values: Data) -> list[Weight]:
        """Its first limit, where one is given."""
        currency = currency_of(row.pk) if values.get("limit_amount") else ""
        return [Weight(minor(values.get("limit_amount"), currency), currency)]

    def body(self, account_id: str, values: Data) -> Data:
        """In the account's one currency, with a first limit where one is given."""
        currency = currency_of(account_id)
        amount = minor(values.get("limit_amount"), currency)
        limit = {"amount": amount, "interval": values.get("limit_interval") or "monthly"}
        body = {
            "cardholder": values.get("cardholder"),
            "currency": currency,
            "type": "virtual",
            "status": "inactive",
            "spending_controls": {"spending_limits": [limit]} if amount is not None else None,
        }
        return given(body)


class CardVerb(ObjectVerb):
    """Acts on one card, unless it is over."""

    noun = Card
    stripe_object = "issuing.card"
    page = "card"

    def objection(self, row: Card) -> str:
        """A canceled card never comes back."""
        if row.canceled:
            return f"Card {row} was canceled. A canceled card never works again, and nothing here can change that."
        return f"Card {row} is not at Stripe any more." if row.gone else ""


class ActivateCard(CardVerb, StatusVerb):
    """Let it be used."""

    name = "issuing.activate_card"
    label, label_many = "Activate card", "Activate cards"
    permission = "issuing.activate_card"
    status, call = "active", "activate"
    reads = 1
    inverse = "issuing.deactivate_card"
    undo = "Deactivate the card again."
    sentence = "Card {} is active."


class DeactivateCard(CardVerb, StatusVerb):
    """Freeze it: every authorization is declined."""

    name = "issuing.deactivate_card"
    label, label_many = "Deactivate card", "Deactivate cards"
    permission = "issuing.deactivate_card"
    status, call = "inactive", "deactivate"
    inverse = "issuing.activate_card"
    undo = "Activate the card again. Until then each authorization is declined."
    sentence = "Card {} is inactive: each authorization is declined."


class CancelCard(CardVerb):
    """End it for good."""

    name = "issuing.cancel_card"
    label, label_many = "Cancel card", "Cancel cards"
    permission, lesser = "issuing.cancel_card", "issuing.cancel_lost_card"
    form, common_form = CancelCardForm, CancelCardsForm
    final = True
    undo = "There is no way back: a canceled card never works again. The cardholder needs a new one."
    sentence = "Card {} is canceled, for good."

    def beyond(self, values: Data) -> str:
        """Anything but a card that a verified caller reports lost or stolen."""
        if values.get("cancellation_reason") not in LOST:
            return "but for a card that is lost or stolen"
        return "" if values.get("verified") in VERIFIED else "without saying how the caller was verified"

    def told(self, operation: Operation) -> list[tuple[str, str, str]]:
        """How the caller was verified, where one was."""
        verified = VERIFIED.get(operation.params.get("verified", ""), "")
        return [(CALLER, verified, "")] if verified else []

    def gather(self, rows: list[Any]) -> None:
        """What merchants can still take of each card although it is canceled (`open_holds`)."""
        found = Authorization.objects.open_of_cards([card.pk for card in rows])
        for card in rows:
            card.open_holds = _holds_words(card, *found.get(card.pk, (0, 0)))

    def request(self, row: Card, values: Data) -> Request:
        """The POST, and what merchants can still take afterwards."""
        body = given({"status": "canceled", "cancellation_reason": values.get("cancellation_reason")})
        facts: tuple[tuple[str, str], ...] = (("Can still be captured", row.open_holds),)  # type: ignore[attr-defined]
        if verified := VERIFIED.get(values.get("verified") or ""):
            facts = (*facts, (CALLER, verified))
        account_id = row.account_id or ""
        return Request("POST", self.path(row), account_id, body, facts=facts, undo=self.undo, before=row.data)

    def effects(self, rows: list[Any]) -> dict[str, str]:
        """What merchants can still take of each card."""
        return {row.pk: f"{row.status} → canceled for good. Can still be captured: {row.open_holds}" for row in rows}

    def send(self, operation: Operation, values: Data) -> Outcome:
        """A card that is found canceled after an attempt of ours in doubt is what we wanted."""
        card: Card = self.target(operation)
        reason = values.get("cancellation_reason") or ""
        try:
            row, answer = card.cancel(key=operation.key, cancellation_reason=reason)
        except Refused:
            now = Card.objects.filter(pk=operation.object_id).first()
            if now and now.canceled and finding.in_doubt(operation):
                return self.outcome(now)
            raise
        return self.outcome(row, answer.request_id)

    def find(self, operation: Operation) -> Outcome | None:
        """The card, where it is canceled."""
        row = self.target(operation).refresh()
        return self.outcome(row) if row.canceled else None


def _holds_words(card: Card, number: int, amount: int) -> str:
    if not number:
        return "nothing that we know of"
    holds = "1 open authorization" if number == 1 else f"{number} open authorizations"
    return f"{holds}, {formats.amount(amount, card.currency)}"

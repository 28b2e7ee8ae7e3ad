"""What staff fill in to create and cancel cards."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.account.models import currency_of
from console.operations.fields import AmountField, IdField, VerbForm
from console.people.roles import who_may
from issuing.cardholders import words as cardholders_words
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.cards.words import CANCELLATION_REASONS, LOST, VERIFIED
from issuing.controls import words as controls_words

MOST_CHOICES = 200  # of a drop-down; where there are more, the id is typed


class CreateCardForm(VerbForm):
    """A new virtual card, inactive. Without a limit Stripe's own silent one applies."""

    cardholder = IdField(help_text="A cardholder of this account.")
    limit_amount = AmountField(
        least="0",
        label="Spending limit",
        required=False,
        help_text="In the account’s currency. Without one, Stripe silently allows 500.00 USD a day; always at most "
        "10,000.00 USD per authorization. More limits, categories and countries are set on the card afterwards.",
    )
    limit_interval = forms.ChoiceField(
        label="Limit holds",
        choices=list(controls_words.INTERVALS.items()),
        initial="monthly",
        required=False,
        help_text="Days, weeks and months begin at midnight UTC.",
    )

    def __init__(self, *its: Any, **options: Any) -> None:
        super().__init__(*its, **options)
        offer(self.fields["cardholder"], Cardholder.objects.choosable(self.where.account_id), _cardholder_words)

    def currency(self) -> str:
        """The account's."""
        return currency_of(self.where.account_id)

    def question(self) -> str:
        """A limit of 0 is not the absence of one."""
        if self.cleaned_data.get("limit_amount") != 0:
            return ""
        return controls_words.nothing_at_all({"interval": self.cleaned_data.get("limit_interval") or "monthly"})

    def clean_cardholder(self) -> str:
        """One of this account that can have a card."""
        chosen: str = self.cleaned_data["cardholder"]
        found = Cardholder.objects.choosable(self.where.account_id).filter(pk=chosen).first()
        if found is None:
            raise ValidationError("This account has no such cardholder, or Stripe has blocked them.")
        return chosen


def offer(field: forms.Field, rows: Any, in_words: Any) -> None:
    """Let a field of ids choose among rows, where they are few enough. One query."""
    found = list(rows[: MOST_CHOICES + 1])
    if 0 < len(found) <= MOST_CHOICES:
        field.widget = forms.Select(choices=[("", "Choose …"), *((row.pk, in_words(row)) for row in found)])


def _cardholder_words(cardholder: Cardholder) -> str:
    state = "" if cardholder.status == "active" else f", {cardholder.status}"
    return f"{cardholder} ({cardholders_words.TYPES.get(cardholder.type, cardholder.type).lower()}{state})"


def card_words(card: Card) -> str:
    """A card as a drop-down offers it."""
    return f"{card} {card.cardholder or ''} ({card.status})"


class CancelCardsForm(VerbForm):
    """Why cards are canceled: the reasons that Stripe takes."""

    cancellation_reason = forms.ChoiceField(
        label="Cancellation reason",
        choices=list(CANCELLATION_REASONS.items()),
        required=False,
        widget=forms.RadioSelect,
        help_text="Stripe asks for lost or stolen only.",
    )


class CancelCardForm(CancelCardsForm):
    """The same for one card, and how its caller was verified: who may cancel no other card has to say that."""

    verified = forms.ChoiceField(
        label="How the caller was verified",
        choices=[("", "Nobody called"), *VERIFIED.items()],
        required=False,
        help_text="Where somebody called to report it. Kept with the operation, not sent to Stripe.",
    )

    def __init__(self, *its: Any, **options: Any) -> None:
        super().__init__(*its, **options)
        if self.where.bounded:
            reason, verified = self.fields["cancellation_reason"], self.fields["verified"]
            reason.choices = [(name, CANCELLATION_REASONS[name]) for name in LOST]  # type: ignore[attr-defined]
            verified.choices = [("", "Choose"), *VERIFIED.items()]  # type: ignore[attr-defined]
            reason.required = verified.required = True
            reason.help_text = f"{who_may('issuing.cancel_card')} cancels a card for any other reason."

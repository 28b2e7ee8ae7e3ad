"""What staff fill in to make, capture and reverse test authorizations."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.operations.fields import AmountField, IdField, LineField, VerbForm, minor
from console.shell import formats
from gateway import copied
from issuing.authorizations import words as authorizations_words
from issuing.cardholders.forms import check_decimals
from issuing.cards.forms import card_words, offer
from issuing.cards.models import Card
from issuing.cards.words import last_four

CATEGORIES = (  # of Stripe's list of merchant categories, those that are met most
    "eating_places_restaurants",
    "grocery_stores_supermarkets",
    "service_stations",
    "computer_software_stores",
    "office_and_commercial_furniture",
    "hotels_motels_and_resorts",
    "airlines_air_carriers",
    "taxicabs_limousines",
    "telecommunication_services",
    "hardware_stores",
    "book_stores",
    "department_stores",
)


class CreateTestAuthorizationForm(VerbForm):
    """A test authorization with a card. No merchant is involved; Stripe decides as it would for a real one."""

    card = IdField(help_text="A card of this account, by its id or its last four.")
    amount = AmountField(help_text="In the card’s currency.")
    merchant_name = LineField(label="Merchant", max_length=100, initial="Rocket Rides")
    category = forms.ChoiceField(
        label="Merchant category",
        choices=[(name, formats.plain(name)) for name in CATEGORIES],
        initial=CATEGORIES[0],
        required=False,
    )
    authorization_method = forms.ChoiceField(
        label="How the card is used",
        choices=list(authorizations_words.METHODS.items()),
        initial="online",
        required=False,
    )

    def __init__(self, *its: Any, **options: Any) -> None:
        super().__init__(*its, **options)
        offer(self.fields["card"], Card.objects.choosable(self.where.account_id), card_words)

    def currency(self) -> str:
        """The card's."""
        found = self._cards(str(self.data.get("card", "")))
        return found[0].currency if len(found) == 1 else ""

    def _cards(self, chosen: str) -> list[Card]:
        """Those of this account that were not canceled and are meant so: two at most."""
        cards = Card.objects.choosable(self.where.account_id)
        digits = last_four(chosen)
        return list(cards.filter(last4=digits) if digits else cards.filter(pk=copied.tidy(chosen)))[:2]

    def clean_card(self) -> str:
        """One of this account that was not canceled."""
        found = self._cards(self.cleaned_data["card"])
        if len(found) > 1:
            raise ValidationError("Several cards of this account end so. Give the id.")
        if not found:
            raise ValidationError("This account has no such card, or it was canceled.")
        return str(found[0].pk)

    def clean(self) -> dict[str, Any]:
        """An amount that the card's currency has."""
        cleaned = super().clean() or {}
        card = Card.objects.filter(pk=cleaned.get("card")).first()
        if card and cleaned.get("amount"):
            try:
                check_decimals(cleaned["amount"], card.currency)
            except ValidationError as problem:
                self.add_error("amount", problem)
        return cleaned


class CaptureForm(VerbForm):
    """The merchant takes the money."""

    capture_amount = AmountField(
        label="Amount", required=False, help_text="Empty: all that is held. A merchant may take more, or less."
    )
    keep_open = forms.BooleanField(
        label="The merchant will take more later", required=False, help_text="Keeps the rest of the hold."
    )

    def currency(self) -> str:
        """The authorization's."""
        return self.where.row.currency if self.where.row else ""

    def clean_capture_amount(self) -> Any:
        """One that the currency has."""
        amount = self.cleaned_data["capture_amount"]
        if self.where.row:
            check_decimals(amount, self.where.row.currency)
        return amount


class ReverseForm(VerbForm):
    """The merchant gives the hold back, or a part of it."""

    reverse_amount = AmountField(label="Amount", required=False, help_text="Empty: all that is held.")

    def currency(self) -> str:
        """The authorization's."""
        return self.where.row.currency if self.where.row else ""

    def clean_reverse_amount(self) -> Any:
        """No more than is held by the mirror's data."""
        amount = self.cleaned_data["reverse_amount"]
        row = self.where.row
        if row:
            check_decimals(amount, row.currency)
        if amount and row and (minor(amount, row.currency) or 0) > row.amount and not self.sent_before():
            held = formats.amount(row.amount, row.currency)
            raise ValidationError(f"Only {held} is held.")
        return amount

"""The list of cards."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.lists.admin import ListedAdmin, link, name_and_id
from console.lists.filters import Choice, CreatedFilter, tabbed
from gateway.mirror import related
from issuing.cardholders import words as cardholders_words
from issuing.cards import pages
from issuing.cards.models import Card


class TypeFilter(Choice):
    """Virtual or physical."""

    title, parameter_name, words = "type", "type", {"virtual": "Virtual", "physical": "Physical"}


@admin.register(Card)
class CardAdmin(ListedAdmin):
    """Issued cards."""

    listing = pages.CARDS
    status_badge = "card"
    list_display = ("name_words", "account_name", "holder", "status_words", "type_words", "created_at")
    list_filter = (tabbed(pages.CARDS), TypeFilter, CreatedFilter)
    pairs = (("account", "status"), ("account", "created"), ("status", "created"), ("type", "created"))
    search_help_text = pages.CARDS.placeholder

    @admin.display(description="Card")
    def name_words(self, row: Card) -> SafeString:
        """Last four and id."""
        return name_and_id(row, str(row))

    @admin.display(description="Cardholder")
    def holder(self, row: Card) -> SafeString:
        """Who holds it."""
        return format_html('<span class="two-lines">{}</span>', link(related(row, "cardholder")))

    @admin.display(description="Type")
    def type_words(self, row: Card) -> str:
        """Virtual or physical."""
        return cardholders_words.TYPES.get(row.type, row.type)


class UsedCardAdmin(ListedAdmin):
    """A list of what was done with cards."""

    @admin.display(description="Merchant")
    def merchant(self, row: Any) -> SafeString:
        """Name and id."""
        return name_and_id(row, row.merchant_name or row.pk)

    @admin.display(description="Cardholder")
    def who(self, row: Any) -> SafeString:
        """The cardholder and the card."""
        cardholder, card = related(row, "cardholder"), related(row, "card")
        second = format_html("Card {}", card) if card else ""
        return format_html('<span class="two-lines">{}<span class="second">{}</span></span>', link(cardholder), second)

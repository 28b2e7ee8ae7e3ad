"""The list of cardholders."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from console.lists.admin import ListedAdmin, name_and_id
from console.lists.filters import AttentionFilter, Choice, CreatedFilter, tabbed
from console.people import masking
from console.people.signed_in import staff
from console.templatetags import console as tags
from issuing.cardholders import pages
from issuing.cardholders import words as cardholders_words
from issuing.cardholders.models import Cardholder


class RequirementFilter(Choice):
    """By what keeps a cardholder from using cards."""

    title, parameter_name = "Stripe asks", "disabled_reason"
    words = {
        "requirements.past_due": "Something is past due",
        "under_review": "Under review",
        "listed": "Compared with lists",
        "rejected.listed": "Rejected",
    }


class HolderTypeFilter(Choice):
    """Individual or company."""

    title, parameter_name, words = "type", "type", {"individual": "Individual", "company": "Company"}


@admin.register(Cardholder)
class CardholderAdmin(ListedAdmin):
    """Who may hold cards."""

    listing = pages.CARDHOLDERS
    status_badge = "cardholder"
    list_display = ("name_words", "account_name", "status_words", "asked", "type_words", "created_at")
    list_filter = (tabbed(pages.CARDHOLDERS), RequirementFilter, HolderTypeFilter, CreatedFilter, AttentionFilter)
    pairs = (
        ("account", "status"),
        ("account", "created"),
        ("status", "created"),
        ("type", "created"),
        ("disabled_reason", "created"),
    )
    search_help_text, search_help_personal = pages.CARDHOLDERS.placeholder, pages.CARDHOLDERS.personal

    def get_list_display(self, request: HttpRequest) -> Any:
        """Columns, and one that depends on the person."""
        may_see = staff(request).has_perm("accounts.view_pii")

        @admin.display(description="E-mail")
        def email_words(row: Cardholder) -> str:
            return masking.email(row.email, may_see=may_see)

        return [*self.list_display[:-1], email_words, self.list_display[-1]]

    @admin.display(description="Cardholder")
    def name_words(self, row: Cardholder) -> SafeString:
        """Name and id."""
        return name_and_id(row, str(row))

    @admin.display(description="Stripe asks")
    def asked(self, row: Cardholder) -> SafeString:
        """What keeps their cards from working."""
        return tags.badge(row.disabled_reason, "cardholder_disabled", plain=True)

    @admin.display(description="Type")
    def type_words(self, row: Cardholder) -> str:
        """Individual or company."""
        return cardholders_words.TYPES.get(row.type, row.type)

"""The list of authorizations."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.lists.filters import Choice, CreatedFilter, tabbed
from console.templatetags import console as tags
from issuing.authorizations import pages
from issuing.authorizations import words as authorizations_words
from issuing.authorizations.models import Authorization
from issuing.cards.admin import UsedCardAdmin


class ReasonFilter(Choice):
    """By the reason of the last request."""

    title, parameter_name = "reason", "reason"
    words = {
        name: each.title[:1].upper() + each.title[1:]
        for name, each in authorizations_words.REASONS.items()
        if each.move
    }


@admin.register(Authorization)
class AuthorizationAdmin(UsedCardAdmin):
    """Authorizations that were tried."""

    listing = pages.AUTHORIZATIONS
    list_display = ("merchant", "account_name", "outcome_words", "who", "created_at", "amount_words")
    list_filter = (tabbed(pages.AUTHORIZATIONS), ReasonFilter, CreatedFilter)
    pairs = (("account", "outcome"), ("account", "created"), ("outcome", "created"), ("reason", "created"))
    search_help_text = pages.AUTHORIZATIONS.placeholder

    @admin.display(description="Outcome")
    def outcome_words(self, row: Authorization) -> SafeString:
        """Approved or not, and why not."""
        why = (
            tags.capital(authorizations_words.reason(row.reason).title)
            if row.reason in authorizations_words.REASONS
            else row.reason
        )
        return format_html(
            '<span class="two-lines">{}<span class="second">{}</span></span>',
            tags.badge(row.outcome, "authorization", plain=True),
            why if row.outcome == "declined" else "",
        )

    @admin.display(description="Amount")
    def amount_words(self, row: Authorization) -> SafeString:
        """What is held or was taken, else what was asked for."""
        return tags.money(row.shown_amount, row.currency)

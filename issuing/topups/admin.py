"""The list of top-ups."""

from django.contrib import admin
from django.utils.safestring import SafeString

from console.lists.admin import ListedAdmin, name_and_id
from console.lists.filters import CreatedFilter, tabbed
from console.templatetags import console as tags
from gateway.shapes import text_at
from issuing.topups import pages
from issuing.topups.models import Topup


@admin.register(Topup)
class TopupAdmin(ListedAdmin):
    """Money pulled in from banks."""

    listing = pages.TOPUPS
    status_badge = "topup"
    list_display = ("name_words", "account_name", "status_words", "expected", "created_at", "amount_words")
    list_filter = (tabbed(pages.TOPUPS), CreatedFilter)
    pairs = (("account", "status"), ("account", "created"), ("status", "created"))
    search_help_text = pages.TOPUPS.placeholder

    @admin.display(description="Top-up")
    def name_words(self, row: Topup) -> SafeString:
        """Description and id."""
        return name_and_id(row, text_at(row.data, "description") or "Top-up")

    @admin.display(description="Expected, UTC")
    def expected(self, row: Topup) -> SafeString:
        """When the bank should have paid."""
        return tags.in_list(row.expected_at)

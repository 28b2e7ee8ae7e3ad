"""The list of transactions."""

from django.contrib import admin
from django.utils.safestring import SafeString

from console.lists.filters import CreatedFilter, tabbed
from console.templatetags import console as tags
from issuing.cards.admin import UsedCardAdmin
from issuing.transactions import pages
from issuing.transactions.models import Transaction


@admin.register(Transaction)
class TransactionAdmin(UsedCardAdmin):
    """Money that moved."""

    listing = pages.TRANSACTIONS
    list_display = ("merchant", "account_name", "type_words", "who", "created_at", "amount_words")
    list_filter = (tabbed(pages.TRANSACTIONS), CreatedFilter)
    pairs = (("account", "type"), ("account", "created"), ("type", "created"))
    search_help_text = pages.TRANSACTIONS.placeholder

    @admin.display(description="Type")
    def type_words(self, row: Transaction) -> SafeString:
        """Capture or refund."""
        return tags.badge(row.type, "transaction", plain=True)

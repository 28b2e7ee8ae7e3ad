"""The lists of every Issuing noun across all accounts: tabs, filters in the address, search, paged by keyset."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import admin as accounts_admin
from accounts import masking
from accounts.filters import AttentionFilter
from console.mirror_admin import MirrorAdmin
from console.sessions import staff
from console.templatetags import console as tags
from gateway.shapes import text_at
from issuing import lists, words
from issuing.filters import (
    CreatedFilter,
    HolderTypeFilter,
    ReasonFilter,
    RequirementFilter,
    ShortBalanceFilter,
    TypeFilter,
    tabbed,
)
from issuing.models import Authorization, Card, Cardholder, Topup, Transaction
from issuing.moment import related

accounts_admin.MORE_FILTERS.append(ShortBalanceFilter)
accounts_admin.AccountAdmin.verbs_for_one += (
    "issuing.create_cardholder",
    "issuing.create_card",
    "issuing.create_topup",
    "issuing.create_test_authorization",
)
IMPORT = "What Stripe has is imported by its events, and by manage.py sync."


class IssuingAdmin(MirrorAdmin):
    """One noun over all accounts. A subclass names the list of one account, whose tabs and words it shares."""

    listing: lists.Listing
    search_fields = ("id",)

    def prepare(self, queryset: Any) -> QuerySet:
        """Each with its account and what else its columns name, in the same query."""
        return queryset.select_related("account", *self.listing.related)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list with its tabs."""
        here = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context = {
            "list_title": self.listing.title,
            "title": self.listing.title,
            "tabs": self.tabs(here, request.GET.get(self.listing.parameter, "")),
            "empty": {
                "heading": f"No {self.listing.title.lower()} yet",
                "text": self.listing.empty,
                "note": f"View as an account to make the first one there. {IMPORT}",
            },
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def tabs(self, here: str, chosen: str) -> list[dict[str, Any]]:
        """All, then each value, each counted no further than COUNTED."""
        return lists.tabs(self.model.objects.all(), self.listing, here, chosen)

    @admin.display(description="Account")
    def account_name(self, row: Any) -> SafeString:
        """Whose it is."""
        name = str(related(row, "account") or row.account_id)
        url = reverse("account", args=[row.account_id])
        return format_html('<span class="two-lines"><a href="{}" title="{}">{}</a></span>', url, name, name)

    @admin.display(description="Created")
    def created_at(self, row: Any) -> SafeString:
        """When, by Stripe's clock."""
        return tags.when(row.created)

    @admin.display(description="Amount")
    def amount_words(self, row: Any) -> SafeString:
        """The amount in its currency."""
        return tags.money(row.amount, row.currency)

    @admin.display(description="Cardholder")
    def who(self, row: Any) -> SafeString:
        """The cardholder and the card."""
        cardholder, card = related(row, "cardholder"), related(row, "card")
        second = format_html("Card {}", card) if card else ""
        return format_html('<span class="two-lines">{}<span class="second">{}</span></span>', _link(cardholder), second)


def _link(row: Any) -> SafeString:
    if row is None:
        return format_html('<b class="none">{}</b>', "Not yet imported")
    return format_html('<a href="{}" title="{}">{}</a>', row.get_absolute_url(), row, row)


def _name(row: Any, label: str) -> SafeString:
    """A row's own name over its id."""
    return format_html(
        '<span class="two-lines"><a href="{}" title="{}">{}</a>{}</span>',
        row.get_absolute_url(),
        label,
        label,
        tags.copy_id(row.pk),
    )


@admin.register(Cardholder)
class CardholderAdmin(IssuingAdmin):
    """Who may hold cards."""

    listing = lists.CARDHOLDERS
    verbs = ("issuing.activate_cardholder", "issuing.deactivate_cardholder")
    verbs_for_one = ("issuing.update_cardholder", "issuing.create_card")
    list_display = ("name_words", "account_name", "status_words", "asked", "type_words", "created_at")
    list_filter = (tabbed(lists.CARDHOLDERS), RequirementFilter, HolderTypeFilter, CreatedFilter, AttentionFilter)
    search_help_text, search_help_personal = lists.CARDHOLDERS.placeholder, lists.CARDHOLDERS.personal

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
        return _name(row, str(row))

    @admin.display(description="Status")
    def status_words(self, row: Cardholder) -> SafeString:
        """As Stripe has it."""
        return tags.badge(row.status, "cardholder", plain=True)

    @admin.display(description="Stripe asks")
    def asked(self, row: Cardholder) -> SafeString:
        """What keeps their cards from working."""
        return tags.badge(row.disabled_reason, "cardholder_disabled", plain=True)

    @admin.display(description="Type")
    def type_words(self, row: Cardholder) -> str:
        """Individual or company."""
        return words.TYPES.get(row.type, row.type)


@admin.register(Card)
class CardAdmin(IssuingAdmin):
    """Issued cards."""

    listing = lists.CARDS
    verbs = ("issuing.activate_card", "issuing.deactivate_card", "issuing.cancel_card")
    verbs_for_one = ("issuing.update_card", "issuing.create_test_authorization")
    list_display = ("name_words", "account_name", "holder", "status_words", "type_words", "created_at")
    list_filter = (tabbed(lists.CARDS), TypeFilter, CreatedFilter)
    search_help_text = lists.CARDS.placeholder

    @admin.display(description="Card")
    def name_words(self, row: Card) -> SafeString:
        """Last four and id."""
        return _name(row, str(row))

    @admin.display(description="Cardholder")
    def holder(self, row: Card) -> SafeString:
        """Who holds it."""
        return format_html('<span class="two-lines">{}</span>', _link(related(row, "cardholder")))

    @admin.display(description="Status")
    def status_words(self, row: Card) -> SafeString:
        """As Stripe has it."""
        return tags.badge(row.status, "card", plain=True)

    @admin.display(description="Type")
    def type_words(self, row: Card) -> str:
        """Virtual or physical."""
        return words.TYPES.get(row.type, row.type)


@admin.register(Authorization)
class AuthorizationAdmin(IssuingAdmin):
    """Purchases that were tried."""

    listing = lists.AUTHORIZATIONS
    verbs_for_one = ("issuing.capture_test_authorization", "issuing.reverse_test_authorization")
    list_display = ("merchant", "account_name", "outcome_words", "who", "created_at", "amount_words")
    list_filter = (tabbed(lists.AUTHORIZATIONS), ReasonFilter, CreatedFilter)
    search_help_text = lists.AUTHORIZATIONS.placeholder

    @admin.display(description="Merchant")
    def merchant(self, row: Authorization) -> SafeString:
        """Name and id."""
        return _name(row, row.merchant_name or row.pk)

    @admin.display(description="Outcome")
    def outcome_words(self, row: Authorization) -> SafeString:
        """Approved or not, and why not."""
        why = tags.capital(words.reason(row.reason).title) if row.reason in words.REASONS else row.reason
        return format_html(
            '<span class="two-lines">{}<span class="second">{}</span></span>',
            tags.badge(row.outcome, "authorization", plain=True),
            why if row.outcome == "declined" else "",
        )

    @admin.display(description="Amount")
    def amount_words(self, row: Authorization) -> SafeString:
        """What is held or was taken, else what was asked for."""
        return tags.money(row.shown_amount, row.currency)


@admin.register(Transaction)
class TransactionAdmin(IssuingAdmin):
    """Money that moved."""

    listing = lists.TRANSACTIONS
    list_display = ("merchant", "account_name", "type_words", "who", "created_at", "amount_words")
    list_filter = (tabbed(lists.TRANSACTIONS), CreatedFilter)
    search_help_text = lists.TRANSACTIONS.placeholder

    @admin.display(description="Merchant")
    def merchant(self, row: Transaction) -> SafeString:
        """Name and id."""
        return _name(row, row.merchant_name or row.pk)

    @admin.display(description="Type")
    def type_words(self, row: Transaction) -> SafeString:
        """Capture or refund."""
        return tags.badge(row.type, "transaction", plain=True)


@admin.register(Topup)
class TopupAdmin(IssuingAdmin):
    """Money pulled in from banks."""

    listing = lists.TOPUPS
    list_display = ("name_words", "account_name", "status_words", "expected", "created_at", "amount_words")
    list_filter = (tabbed(lists.TOPUPS), CreatedFilter)
    search_help_text = lists.TOPUPS.placeholder

    @admin.display(description="Top-up")
    def name_words(self, row: Topup) -> SafeString:
        """Description and id."""
        return _name(row, text_at(row.data, "description") or "Top-up")

    @admin.display(description="Status")
    def status_words(self, row: Topup) -> SafeString:
        """As Stripe has it."""
        return tags.badge(row.status, "topup", plain=True)

    @admin.display(description="Expected")
    def expected(self, row: Topup) -> SafeString:
        """When the bank should have paid."""
        return tags.when(row.expected_at)

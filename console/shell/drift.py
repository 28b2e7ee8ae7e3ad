"""The list of where mirror and Stripe differ, as the last comparison found it (manage.py sync --dry-run)."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.lists.exports_cells import TIME, Column
from console.lists.filters import AccountFilter, Choice
from console.lists.records import RecordAdmin
from console.shell import leading
from console.shell.outside import isolated
from console.templatetags import console as tags
from gateway import mirror
from gateway.models import Drift

COLUMNS = (
    Column("Object", lambda row: row.noun),
    Column("Object id", lambda row: row.object_id, of="Object"),
    Column("Account id", lambda row: row.account, of="Account"),
    Column("How", lambda row: row.get_kind_display()),
    Column("Fields", lambda row: ", ".join(row.fields)),
    Column("Found, UTC", lambda row: row.found_at, TIME),
)


class KindFilter(Choice):
    """By how they differ."""

    title, parameter_name, words = "how", "kind", dict(Drift.Kind.choices)


class NounFilter(Choice):
    """By what kind of object it is."""

    title, parameter_name = "object", "noun"

    @property
    def words(self) -> dict[str, str]:  # type: ignore[override]
        """Those that the mirror follows."""
        return {noun: noun for noun in sorted(mirror.REGISTRY)}


class OfAccount(AccountFilter):
    """By the account whose object it is."""

    column = "account"


@admin.register(Drift)
class DriftAdmin(RecordAdmin):
    """Where mirror and Stripe differ: names of fields, never values."""

    list_title, columns = "Differences from Stripe", COLUMNS
    list_display = ("about", "account_words", "how", "field_words", "found_words")
    list_display_links = None
    list_filter = (KindFilter, NounFilter)
    account_filter = OfAccount
    by = ("found_at", "id")
    by_this_machine = False
    search_fields = ("object_id",)
    search_help_text = "Id of an object or account"
    empty_text = (
        "None was found. manage.py sync --dry-run compares every object with Stripe, field by field, and writes "
        "nothing of it: what differs stands here until the same nouns are compared again."
    )

    def found(self, words: str, *, personal: bool) -> list[Q]:
        """By the object, or by all of an account."""
        return [Q(account=words)] if words.startswith("acct_") and "." not in words else [Q(object_id=words)]

    @admin.display(description="Object")
    def about(self, drift: Drift) -> SafeString:
        """What it is, leading to its page, over its id."""
        url = reverse("admin:gateway_drift_change", args=[drift.pk])
        name = format_html('<a href="{}" title="{}">{}</a>', url, drift.noun, isolated(drift.noun))
        return format_html('<span class="two-lines">{}{}</span>', name, tags.copy_id(drift.object_id, short=True))

    @admin.display(description="Account")
    def account_words(self, drift: Drift) -> SafeString:
        """Whose it is."""
        return tags.copy_id(drift.account, short=True)

    @admin.display(description="How")
    def how(self, drift: Drift) -> SafeString:
        """In a word."""
        return tags.badge(drift.kind, "drift", plain=True)

    @admin.display(description="Fields")
    def field_words(self, drift: Drift) -> SafeString:
        """Their names."""
        return isolated(", ".join(drift.fields))

    @admin.display(description="Found, UTC")
    def found_words(self, drift: Drift) -> SafeString:
        """When they were compared, by Stripe's clock."""
        return tags.in_list(drift.found_at)

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The object's own page, its account's where it has none here, else the list of what differs in it."""
        listed = f"{reverse('admin:gateway_drift_changelist')}?q={row.object_id}"
        pages = (leading.page_of(request, each) for each in (row.object_id, row.account))
        return HttpResponseRedirect(next(filter(None, pages), listed))

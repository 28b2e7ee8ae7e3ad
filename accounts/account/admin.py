"""The list of connected accounts: tabs, filters in the address, search, paged by keyset."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.account import words as account_words
from accounts.account.forms import BUSINESS_TYPES, COUNTRIES
from accounts.account.models import Account, has_issuing, left_at
from accounts.capabilities import words as capabilities_words
from accounts.capabilities import words as capability_words
from console.lists import listing as lists_listing
from console.lists.admin import MirrorAdmin
from console.lists.exports_cells import TIME, Column
from console.lists.exports_words import badge_column
from console.lists.filters import DAYS, SINCE, AttentionFilter, Choice
from console.shell import nouns
from console.templatetags import console as tags
from gateway import clock


def _why_off(row: Account) -> str:
    """Why Issuing is off, where the list says it below the badge."""
    off = row.issuing_off
    silent = off is None or row.gone or off.name in (capability_words.CANNOT_ISSUE, capability_words.NOT_REQUESTED)
    return "" if silent or off is None else off.title


COLUMNS = (
    Column("Account", str),
    Column("Account id", lambda row: row.pk, of="Account"),
    Column("Gone since, UTC", lambda row: row.gone_at, TIME, of="Account"),
    badge_column("Issuing", "issuing", lambda row: row.issuing.name),
    Column("Why off", _why_off, of="Issuing"),
    badge_column("Overall", "account", lambda row: row.overall.name),
    Column("Kind", lambda row: row.set_up.word),
    Column("Can issue", lambda row: "yes" if row.set_up.can_issue else "no", of="Kind"),
    Column("Type", lambda row: BUSINESS_TYPES.get(row.business_type, row.business_type) or "Not said"),
    Column("Country", lambda row: row.country, of="Type"),
    Column("Deadline, UTC", lambda row: getattr(row, "left_at", None), TIME, of="Time left"),
    Column("Past due", lambda row: "yes" if row.overdue else "no", of="Time left"),
    Column("Connected on", lambda row: row.created, TIME),
)


class StatusFilter(Choice):
    """The tabs: drawn above the list and not among the filters."""

    title, parameter_name, words = "status", "status", capability_words.OVERALL
    template = "console/lists/no_filter.html"

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By the overall badge."""
        return queryset.with_status(value)


class IssuingFilter(Choice):
    """By the Issuing badge."""

    title, parameter_name, words = "Issuing", "issuing", capability_words.ISSUING

    def parts(self, value: str) -> tuple[Q, ...]:
        """By the Issuing badge."""
        return has_issuing(value)


class KindFilter(Choice):
    """By `controller`."""

    title, parameter_name, words = "kind", "kind", account_words.KINDS


class BusinessTypeFilter(Choice):
    """By business type."""

    title, parameter_name, words = "business type", "business_type", BUSINESS_TYPES


class CountryFilter(Choice):
    """By country."""

    title, parameter_name, words = "country", "country", COUNTRIES


class DueFilter(Choice):
    """By the earliest deadline, Stripe's clock."""

    title, parameter_name, words = "due by", "due", {"over": "Overdue", **DAYS}

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By a span from now."""
        return queryset.due_by(clock.now() + timedelta(days=int(value) if value != "over" else 0))


class ConnectedFilter(Choice):
    """By the day of creation, Stripe's clock."""

    title, parameter_name, words = "connected", "connected", SINCE

    def narrow(self, queryset: Any, value: str) -> QuerySet:
        """By a span until now."""
        return queryset.filter(created__gte=clock.now() - timedelta(days=int(value)))


@admin.register(Account)
class AccountAdmin(MirrorAdmin):
    """Connected accounts. Every filter is a named query; every row leads to the account's page."""

    list_display = (
        "account_name",
        "issuing_badge",
        "overall_badge",
        "kind_words",
        "type_words",
        "time_left",
        "connected_on",
    )
    list_filter = (
        StatusFilter,
        ConnectedFilter,
        IssuingFilter,
        KindFilter,
        BusinessTypeFilter,
        CountryFilter,
        DueFilter,
        AttentionFilter,
    )
    list_title, columns = "Connected accounts", COLUMNS
    search_fields = ("id", "name")
    search_help_text, search_help_personal = "Id or name", "Id, name or e-mail"

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """This room's own, then the other rooms'."""
        return [*self.list_filter, *(each for noun in nouns.every() for each in noun.filters)]

    def prepare(self, queryset: Any) -> QuerySet[Account]:
        """Each with the capability that its badge is read from."""
        return queryset.with_capability()

    def finish(self, rows: list[Account]) -> None:
        """Until when each has time."""
        left_at(rows)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list with its tabs."""
        create = reverse("verb", args=["accounts.create_account"])
        links = [{"label": "Create account", "url": create, "icon": "plus", "primary": True}]
        allowed = links if request.user.has_perm("accounts.create_account") else []
        context = {
            "list_title": self.list_title,
            "title": self.list_title,
            "tabs": tabs(request.GET.get(StatusFilter.parameter_name, "")),
            "list_actions": allowed,
            "empty": {
                "heading": "No connected accounts yet",
                "text": "An account is a business that you issue cards to. Create one here, or import those that exist "
                "with manage.py sync.",
                "links": allowed,
            },
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description="Account")
    def account_name(self, row: Account) -> SafeString:
        """Name and id."""
        gone = tags.badge("gone", "account", plain=True) if row.gone else ""
        return format_html(
            '<span class="two-lines"><a href="{}" title="{}">{}</a>{}{}</span>',
            row.get_absolute_url(),
            str(row),
            str(row),
            tags.copy_id(row.pk),
            gone,
        )

    @admin.display(description="Issuing")
    def issuing_badge(self, row: Account) -> SafeString:
        """The Issuing badge; below it why Issuing is off. Its title has the whole sentence."""
        shown, why = _titled(row.issuing, "issuing"), _why_off(row)
        if not why:
            return shown
        return format_html('<span class="two-lines">{}<span class="second">{}</span></span>', shown, why)

    @admin.display(description="Overall")
    def overall_badge(self, row: Account) -> SafeString:
        """The account's badge."""
        return _titled(row.overall, "account")

    @admin.display(description="Kind")
    def kind_words(self, row: Account) -> SafeString:
        """How it is set up; why it can or cannot issue in the title."""
        kind = row.set_up
        second = "" if kind.can_issue else "cannot issue"
        return format_html(
            '<span class="two-lines" title="{}">{} <span class="second">{}</span></span>', kind.why, kind.word, second
        )

    @admin.display(description="Type")
    def type_words(self, row: Account) -> SafeString:
        """Business type and country."""
        word = BUSINESS_TYPES.get(row.business_type, row.business_type) or "Not said"
        return format_html('{} <span class="quiet">{}</span>', word, row.country)

    @admin.display(description="Time left")
    def time_left(self, row: Account) -> SafeString:
        """Until the earliest deadline of what counts; since when it is overdue."""
        at = getattr(row, "left_at", None)
        since_ever = row.overdue and at is None  # due from the beginning: Stripe named no deadline
        return tags.badge("past_due", "requirement", plain=True) if since_ever else tags.fuse(at, short=True)

    @admin.display(description="Connected on")
    def connected_on(self, row: Account) -> SafeString:
        """The day it was created at Stripe."""
        return tags.day(row.created)


def tabs(current: str) -> list[dict[str, Any]]:
    """The list's tabs with their counts. One query."""
    here, every = reverse("admin:accounts_account_changelist"), Account.objects.all()
    numbers = lists_listing.counts(every, *(every.with_status(name) for name in capability_words.OVERALL))
    return [
        {
            "label": word,
            "url": f"{here}?{StatusFilter.parameter_name}={name}" if name else here,
            "current": current == name,
            "count": lists_listing.shown_count(number),
        }
        for (name, word), number in zip({"": "All", **capability_words.OVERALL}.items(), numbers, strict=True)
    ]


def _titled(state: capabilities_words.Status, kind: str) -> SafeString:
    return format_html('<span title="{}">{}</span>', state.why, tags.badge(state.name, kind))

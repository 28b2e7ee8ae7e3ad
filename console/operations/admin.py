"""The list of operations."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from console.lists.exports_cells import TIME, Column
from console.lists.exports_words import badge_column
from console.lists.filters import Choice, WhoFilter
from console.lists.keyset import value
from console.lists.records import RecordAdmin
from console.operations import verbs
from console.operations.models import LATELY, Operation, by_request
from console.people.models import User
from console.shell.outside import isolated
from console.templatetags import console as tags
from gateway import copied, texts
from gateway.mirror import account_model


class NeedsAPerson(admin.SimpleListFilter):
    """Operations that wait for somebody to decide."""

    title = "waiting for"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """One choice."""
        return [("person", "A person's decision")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Operation]) -> QuerySet[Operation]:
        """Those, where chosen."""
        return queryset & Operation.objects.needing_a_person() if self.value() == "person" else queryset


class VerbFilter(admin.SimpleListFilter):
    """By verb; one that is no more is still taken from an address."""

    title, parameter_name = "verb", "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those that there are."""
        return [(verb.name, verb.label) for verb in verbs.every()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Operation]) -> QuerySet[Operation]:
        """Those of one verb."""
        return queryset.filter(verb=self.value()) if self.value() else queryset


class ViaFilter(Choice):
    """By the way on which staff asked for it."""

    title, parameter_name = "via", "via"
    words = {"page": "A page", "action": "A list's action", "command": "A command", "api": "The API"}


def _act(operation: Operation) -> str:
    """What was asked for, in words; the name of a verb that is no more."""
    verb = verbs.find(operation.verb)
    return verb.label if verb else operation.verb


COLUMNS = (
    Column("When, UTC", lambda row: row.created_at, TIME, of="When"),
    Column("Operation id", lambda row: row.pk, of="When"),
    Column("Verb", _act),
    Column("Account", lambda row: texts.label(row.account_name, row.account_id)),
    Column("Account id", lambda row: row.account_id, of="Account"),
    Column("Account here", lambda row: ("yes" if row.here else "no") if row.account_id else "", of="Account"),
    Column("Who", lambda row: row.user.get_username()),
    badge_column("State", "operation", lambda row: row.state),
    Column("Object", lambda row: row.object_id),
    Column("Ticket", lambda row: row.ticket),
)


@admin.register(Operation)
class OperationAdmin(RecordAdmin):
    """Every intent of staff and what came of it; each leads to its page."""

    list_title, columns = "Operations", COLUMNS
    empty_text = "Whatever staff have Stripe do stands here, with who asked for it, why, and what came of it."
    list_display = ("when", "act", "account", "who", "state_badge", "object", "ticket")
    list_filter = ("state", NeedsAPerson, VerbFilter, ViaFilter, ("user", WhoFilter))
    written = ("reason", "ticket")
    list_select_related = ("user",)
    list_display_links = None
    search_fields = ("id",)
    search_help_text = "Operation, account, object, request, ticket, verb"
    date_hierarchy = "created_at"
    by = ("created_at", "id")

    def found(self, words: str, *, personal: bool) -> list[Q]:
        """By any id that it names, ticket, person or verb, by an index; by words of account and reason lately."""
        if words.startswith("acct_"):
            return [Q(account_id=words)]
        if words.startswith("req_"):
            return by_request(words)
        ticket = [Q(ticket__in={words, words.upper(), words.lower()})] if personal else []
        if copied.AN_ID.fullmatch(words):
            return [Q(object_id=words), *ticket]
        named = [each.name for each in verbs.every() if words.lower() in f"{each.name} {each.label.lower()}"]
        said = Q(account_name__icontains=words) | (Q(reason__icontains=words) if personal else Q())
        lately = Q(created_at__gte=timezone.now() - LATELY)
        own = [Q(pk=found)] if (found := value(Operation._meta.pk, words)) else []
        return [*own, *ticket, Q(key=words), Q(verb__in=named), Q(user__in=User.objects.called(words)), lately & said]

    @admin.display(description="When", ordering="created_at")
    def when(self, operation: Operation) -> str:
        """The moment, as the link to its page."""
        url = reverse("operation", args=[operation.pk])
        return format_html('<a href="{}">{}</a>', url, tags.when(operation.created_at))

    @admin.display(description="Verb", ordering="verb")
    def act(self, operation: Operation) -> str:
        """What was asked for, in words; the name of a verb that is no more."""
        return _act(operation)

    @admin.display(description="Who", ordering="user")
    def who(self, operation: Operation) -> User:
        """Whose intent it was."""
        return operation.user

    @admin.display(description="State", ordering="state")
    def state_badge(self, operation: Operation) -> str:
        """How it stands."""
        return tags.badge(operation.state, "operation", plain=True)

    @admin.display(description="Object")
    def object(self, operation: Operation) -> str:
        """What it made or changed."""
        return tags.copy_id(operation.object_id, short=True)

    @admin.display(description="Account", ordering="account_id")
    def account(self, operation: Operation) -> str:
        """Its name as it then was, else its id; and that it is gone."""
        name = texts.label(operation.account_name, operation.account_id)
        if not operation.account_id or operation.here:  # type: ignore[attr-defined]
            return name
        return format_html('{}<span class="second">no longer here</span>', isolated(name))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        """Each with whether its account is `here`, in the same query."""
        accounts = account_model().objects.filter(pk=OuterRef("account_id"), gone_at=None)
        return super().get_queryset(request).annotate(here=Exists(accounts))

    def row_page(self, request: HttpRequest, row: Operation) -> HttpResponse:
        """Lead to the operation's page."""
        return HttpResponseRedirect(reverse("operation", args=[row.pk]))

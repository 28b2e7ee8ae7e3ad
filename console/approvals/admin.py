"""The list of approvals."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from console.approvals.models import Approval
from console.lists.exports_cells import TIME, Column
from console.lists.exports_words import badge_column
from console.lists.filters import WhoFilter
from console.lists.keyset import value
from console.lists.records import RecordAdmin
from console.operations import verbs
from console.operations.admin import VerbFilter
from console.people import masking
from console.people.models import User
from console.people.signed_in import may_see
from console.shell.outside import isolated
from console.templatetags import console as tags
from gateway import copied, texts


class NothingCame(admin.SimpleListFilter):
    """What nobody approved, and its requester has not answered."""

    title, parameter_name = "came to nothing", "unanswered__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """One choice."""
        return [("1", "And waits for its requester")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Approval]) -> QuerySet[Approval]:
        """Those, where chosen."""
        return queryset.filter(unanswered=True) if self.value() == "1" else queryset


def _act(approval: Approval) -> str:
    """What was asked for, in words; the name of a verb that is no more."""
    verb = verbs.find(approval.operation.verb)
    return verb.label if verb else approval.operation.verb


COLUMNS = (
    Column("Asked, UTC", lambda row: row.asked_at, TIME, of="Asked"),
    Column("Approval id", lambda row: row.pk, of="Asked"),
    Column("Verb", _act),
    Column("Account", lambda row: texts.label(row.operation.account_name, row.operation.account_id)),
    Column("Account id", lambda row: row.operation.account_id, of="Account"),
    Column("Asked by", lambda row: row.requester.get_username()),
    badge_column("State", "approval", lambda row: row.state),
    Column("Decided by", lambda row: row.approver.get_username() if row.approver else ""),
    Column("Ticket", lambda row: row.operation.ticket),
)


@admin.register(Approval)
class ApprovalAdmin(RecordAdmin):
    """What waits for a second person, and what became of all that ever did; each leads to its page."""

    list_title, columns = "Approvals", COLUMNS
    empty_text = "What one person may not do alone, such as a large top-up, waits here for another one to decide."
    list_display = ("when", "act", "account", "who", "state_badge", "decided_by", "ticket")
    list_filter = ("state", NothingCame, VerbFilter, ("requester", WhoFilter))
    list_select_related = ("operation", "requester", "approver")
    list_display_links = None
    search_fields = ("id",)
    search_help_text = "Approval, operation, account, object, ticket, verb, person"
    date_hierarchy = "asked_at"
    by = ("asked_at", "id")

    def found(self, words: str, *, personal: bool) -> list[Q]:
        """By any id that it or its operation names, by ticket, verb or person; each by an index of the operation's."""
        if words.startswith("acct_"):
            return [Q(account_id=words)]
        ticket = [Q(operation__ticket__in={words, words.upper(), words.lower()})] if personal else []
        if copied.AN_ID.fullmatch(words):
            return [Q(operation__object_id=words), *ticket]
        ids = value(Approval._meta.pk, words)
        own = [Q(pk=ids), Q(operation=ids)] if ids else []
        people = Q(requester__in=User.objects.called(words)) | Q(approver__in=User.objects.called(words))
        return [*own, *ticket, Q(verb__in=verbs.named(words)), people]

    @admin.display(description="Asked", ordering="asked_at")
    def when(self, approval: Approval) -> str:
        """The moment, as the link to its page."""
        url = reverse("approval", args=[approval.pk])
        return format_html('<a href="{}">{}</a>', url, tags.when(approval.asked_at))

    @admin.display(description="Verb")
    def act(self, approval: Approval) -> str:
        """What was asked for, in words; the name of a verb that is no more."""
        return _act(approval)

    @admin.display(description="Account")
    def account(self, approval: Approval) -> str:
        """Its name as it then was, else its id."""
        return isolated(texts.label(approval.operation.account_name, approval.operation.account_id))

    @admin.display(description="Asked by", ordering="requester")
    def who(self, approval: Approval) -> User:
        """Who asked for it."""
        return approval.requester

    @admin.display(description="State", ordering="state")
    def state_badge(self, approval: Approval) -> str:
        """How it stands."""
        return tags.badge(approval.state, "approval", plain=True)

    @admin.display(description="Decided by")
    def decided_by(self, approval: Approval) -> User | None:
        """Who approved or refused it."""
        return approval.approver

    @admin.display(description="Ticket")
    def ticket(self, approval: Approval) -> str:
        """The case it belongs to."""
        return approval.operation.ticket

    def masked(self, request: HttpRequest, row: Approval) -> Approval:
        """With the ticket as this person may see it."""
        row.operation.ticket = masking.masked(row.operation.ticket, may_see=may_see(request))
        return row

    def row_page(self, request: HttpRequest, row: Approval) -> HttpResponse:
        """Lead to the approval's page."""
        return HttpResponseRedirect(reverse("approval", args=[row.pk]))

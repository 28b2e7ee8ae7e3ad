"""The list of bulk runs."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.bulk.models import BulkRun
from console.lists.exports_cells import NUMBER, TIME, Column
from console.lists.exports_words import badge_column
from console.lists.filters import WhoFilter
from console.lists.keyset import value
from console.lists.records import RecordAdmin
from console.operations import verbs
from console.operations.admin import VerbFilter
from console.operations.buttons import allowed
from console.people.models import User
from console.templatetags import console as tags
from gateway import copied


class SeenToFilter(admin.SimpleListFilter):
    """Runs that wait for somebody."""

    title = "waiting for"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """One choice."""
        return [("person", "A person’s decision")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those, where chosen."""
        return queryset.filter(needs_a_person=True) if self.value() == "person" else queryset


def _act(run: BulkRun) -> str:
    """What was asked for, in words; the name of a verb that is no more."""
    verb = verbs.find(run.verb)
    return (verb.label_many or verb.label) if verb else run.verb


COLUMNS = (
    Column("When, UTC", lambda row: row.created_at, TIME, of="When"),
    Column("Run id", lambda row: row.pk, of="When"),
    Column("Verb", _act),
    Column("Rows", lambda row: row.total, NUMBER),
    Column("Who", lambda row: row.user.get_username()),
    badge_column("State", "bulk", lambda row: row.badge),
    Column("Ticket", lambda row: row.ticket),
)


@admin.register(BulkRun)
class BulkRunAdmin(RecordAdmin):
    """Every run; each leads to its page."""

    list_title, columns = "Bulk runs", COLUMNS
    empty_text = "What staff do for many at once stands here, row by row. Tick rows of a list and choose an action."
    list_display = ("when", "act", "rows_words", "who", "state_badge", "ticket")
    list_filter = ("state", SeenToFilter, VerbFilter, ("user", WhoFilter))
    written = ("reason", "ticket")
    list_select_related = ("user",)
    list_display_links = None
    search_fields = ("id",)
    search_help_text = "Run, ticket, verb, person"
    by = ("created_at", "id")

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Its own: a run is of no one account."""
        return [*self.list_filter]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the way to begin one from a file."""
        may = any(each.in_files and allowed(request, each.name) for each in verbs.every())
        link = {"label": "From a file", "url": reverse("bulk_from_file"), "icon": "plus", "primary": True}
        return super().changelist_view(request, {"list_actions": [link] if may else [], **(extra_context or {})})

    def found(self, words: str, *, personal: bool) -> list[Q]:
        """By id, ticket, person or verb."""
        own = [Q(pk=found)] if (found := value(BulkRun._meta.pk, words)) else []
        ticket = [Q(ticket__in={words, words.upper(), words.lower()})] if personal else []
        if copied.AN_ID.fullmatch(words):
            return [*own, *ticket, Q(rows__object_id=words)]
        return [*own, *ticket, Q(verb__in=verbs.named(words)), Q(user__in=User.objects.called(words))]

    def row_page(self, request: HttpRequest, row: BulkRun) -> HttpResponse:
        """Lead to the run's page."""
        return HttpResponseRedirect(row.get_absolute_url())

    @admin.display(description="When", ordering="created_at")
    def when(self, run: BulkRun) -> SafeString:
        """The moment, as the link to its page."""
        return format_html('<a href="{}">{}</a>', run.get_absolute_url(), tags.when(run.created_at))

    @admin.display(description="Verb", ordering="verb")
    def act(self, run: BulkRun) -> str:
        """What was asked for, in words; the name of a verb that is no more."""
        return _act(run)

    @admin.display(description="Rows")
    def rows_words(self, run: BulkRun) -> str:
        """How many."""
        return tags.grouped(run.total)

    @admin.display(description="Who", ordering="user")
    def who(self, run: BulkRun) -> User:
        """Who began it."""
        return run.user

    @admin.display(description="State", ordering="state")
    def state_badge(self, run: BulkRun) -> SafeString:
        """How it stands."""
        return tags.badge(run.badge, "bulk", plain=True)

"""The admin's read-only lists of what happened: operations, audit trail, work sessions, pages opened, events."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from console import audit, masking, verbs
from console.list_admin import ListAdmin
from console.mirror_admin import PlainChangeList, plain_object
from console.models import AccessEntry, AuditEntry, Operation, WorkSession
from console.sessions import PERSONAL, staff
from console.templatetags import console as tags
from gateway import inbox
from gateway.models import Event


class RecordChangeList(PlainChangeList):
    """A list whose rows show what staff and Stripe wrote as far as this person may see personal data."""

    model_admin: "RecordAdmin"

    def get_results(self, request: HttpRequest) -> None:
        """One page of rows, masked."""
        super().get_results(request)
        self.result_list = [self.model_admin.masked(request, row) for row in self.result_list]


class RecordAdmin(ListAdmin):
    """Seen with the view permission; never added, changed or deleted by hand.

    `written` names the fields that staff or Stripe wrote: for who may not see personal data they are masked where they
    quote it, and no part of them is searched.
    """

    written: tuple[str, ...] = ()

    show_full_result_count = False
    list_per_page = 50

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PlainChangeList]:
        """Links carry ids as they are."""
        return RecordChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row with this id, to look at: masked, never saved."""
        row = plain_object(self.model, object_id)
        return row and self.masked(request, row)

    def masked(self, request: HttpRequest, row: Any) -> Any:
        """The row as this person may see it."""
        for name in self.written:
            setattr(row, name, masking.masked(getattr(row, name), may_see=staff(request).has_perm(PERSONAL)))
        return row

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Those of which this person sees the whole: a search tells a masked value letter by letter."""
        personal = staff(request).has_perm(PERSONAL)
        return [name for name in self.search_fields if personal or name not in self.written]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


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


@admin.register(Operation)
class OperationAdmin(RecordAdmin):
    """Every intent of staff and what came of it; each leads to its page."""

    list_display = ("when", "verb", "account", "user", "state_badge", "object", "ticket")
    list_filter = ("state", NeedsAPerson, "verb", "via", "user")
    written = ("reason", "ticket")
    list_select_related = ("user",)
    list_display_links = None
    search_fields = ("=id", "=account_id", "account_name", "=object_id", "=ticket", "=request_id", "=key", "reason")
    date_hierarchy = "created_at"

    @admin.display(description="When", ordering="created_at")
    def when(self, operation: Operation) -> str:
        """The moment, as the link to its page."""
        url = reverse("operation", args=[operation.pk])
        return format_html('<a href="{}">{}</a>', url, tags.when(operation.created_at))

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
        """Its name as it then was, else its id."""
        return operation.account_name or operation.account_id

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the operation's page."""
        operation = plain_object(Operation, object_id)
        if operation is None:
            raise Http404(f"No operation {object_id}.")
        return HttpResponseRedirect(reverse("operation", args=[operation.pk]))


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    """The audit trail, newest first."""

    list_display = ("number", "at", "action", "user_name", "account", "subject", "ticket", "reason")
    list_filter = ("action", "user")
    written = ("reason", "ticket")
    search_fields = ("=account_id", "=subject", "=ticket", "=operation__id", "reason")
    date_hierarchy = "at"

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AuditEntry | None:
        """The row, to look at: its detail may quote what its operation was given."""
        row: AuditEntry | None = super().get_object(request, object_id, from_field)
        if row:
            row.detail = _mask_of(row, may_see=staff(request).has_perm(PERSONAL)).data(row.detail)
        return row

    @admin.display(description="Account", ordering="account_id")
    def account(self, entry: AuditEntry) -> str:
        """Its id, shortened; copying gives the whole."""
        return tags.copy_id(entry.account_id, short=True)


def _mask_of(row: AuditEntry, *, may_see: bool) -> masking.Mask:
    operation = None if may_see else row.operation
    if operation is None:
        return masking.Mask(may_see)
    return masking.of_operation(operation, verbs.find(operation.verb), may_see=may_see)


@admin.register(AccessEntry)
class AccessEntryAdmin(RecordAdmin):
    """Pages opened while viewing as an account."""

    list_display = ("at", "user", "account_id", "kind", "path", "work_session_id")
    list_filter = ("kind", "user")
    list_select_related = ("user",)
    search_fields = ("=account_id", "path")
    date_hierarchy = "at"


@admin.register(WorkSession)
class WorkSessionAdmin(RecordAdmin):
    """Who viewed as which account, why, and how it ended."""

    list_display = ("started_at", "user", "account_id", "account_name", "category", "mode", "ticket", "ended_at", "end")
    list_filter = ("mode", "category", "end", "user")
    written = ("reason", "ticket")
    list_select_related = ("user",)
    search_fields = ("=account_id", "account_name", "=ticket", "reason")
    exclude = ("session_key",)
    date_hierarchy = "started_at"


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """Stripe's events as they arrived. Payloads hold what Stripe tells of people and are not shown here."""

    list_display = ("id", "type", "account_id", "created_at", "state_badge", "source", "attempts", "failures", "error")
    list_filter = ("state", "source", "livemode")
    written = ("error",)
    search_fields = ("=id", "=account", "type", "=object_key", "=idempotency_key", "=request_id")
    exclude = ("payload",)
    actions = ("replay",)

    @admin.display(description="Created", ordering="created")
    def created_at(self, event: Event) -> Any:
        """Stripe's time."""
        return tags.when(event.created)

    @admin.display(description="Account", ordering="account")
    def account_id(self, event: Event) -> str:
        """Whose it is; the platform's own have none."""
        return tags.copy_id(event.account, short=True)

    @admin.display(description="State", ordering="state")
    def state_badge(self, event: Event) -> str:
        """How it stands."""
        return tags.badge(event.state, "event", plain=True)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whose role may."""
        return request.user.has_perm("gateway.replay_event")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with how many stand in each state that is not done (`state_counts`: state → number)."""
        unsettled = Event.objects.exclude(state=Event.State.DONE).order_by()
        counts = dict(unsettled.values_list("state").annotate(Count("id")))
        return super().changelist_view(request, {**(extra_context or {}), "state_counts": counts})

    @admin.action(description="Replay selected events", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        """Let dead, quarantined and ignored events be applied again; others are passed over."""
        replayed = sum(_replay(request, event) for event in queryset)
        if replayed:
            self.message_user(request, f"Applied again: {replayed}.", messages.SUCCESS)
        else:
            self.message_user(request, "None of these can be applied again.", messages.WARNING)


def _replay(request: HttpRequest, event: Event) -> bool:
    with transaction.atomic():
        replayed = inbox.replay(event.pk)
        if replayed:
            detail = {"type": event.type, "was": event.state}
            audit.record(
                "event.replayed", user=staff(request), account_id=event.account, subject=event.pk, detail=detail
            )
    return replayed

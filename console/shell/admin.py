"""The list of Stripe's events as they arrived."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from console.lists.admin import RecordAdmin
from console.people.signed_in import staff
from console.record import audit
from console.templatetags import console as tags
from gateway import inbox
from gateway.models import Event


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """Stripe's events as they arrived. Payloads hold what Stripe tells of people and are not shown here."""

    list_display = ("id", "type", "account_id", "created_at", "state_badge", "source", "attempts", "failures", "error")
    list_filter = ("state", "source", "livemode")
    written = ("error",)
    by_this_machine = False
    search_fields = ("=id", "=account", "type", "=object_key", "=idempotency_key", "=request_id")
    fields = (
        "id",
        "account",
        "type",
        "created",
        "api_version",
        "livemode",
        "request_id",
        "idempotency_key",
        "object_key",
        "source",
        "received_at",
        "state",
        "claimed_by",
        "claimed_until",
        "attempts",
        "failures",
        "next_try_at",
        "error",
        "done_at",
    )
    actions = ("replay",)

    @admin.display(description="Created, UTC", ordering="created")
    def created_at(self, event: Event) -> Any:
        """Stripe's time."""
        return tags.in_list(event.created)

    @admin.display(description="Account", ordering="account")
    def account_id(self, event: Event) -> str:
        """Whose it is; the platform's own have none."""
        return tags.copy_id(event.account, short=True)

    @admin.display(description="State", ordering="state")
    def state_badge(self, event: Event) -> str:
        """How it stands."""
        return tags.badge(event.state, "event", plain=True)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with how many stand in each state that is not done (`state_counts`: state → number)."""
        unsettled = Event.objects.exclude(state=Event.State.DONE).order_by()
        counts = dict(unsettled.values_list("state").annotate(Count("id")))
        return super().changelist_view(request, {**(extra_context or {}), "state_counts": counts})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Replay, for those who may."""
        return super().get_actions(request) if staff(request).has_perm("gateway.replay_event") else {}

    @admin.action(description="Replay selected events")
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

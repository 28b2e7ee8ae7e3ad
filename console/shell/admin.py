"""The list of Stripe's events as they arrived."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from console.lists.filters import Choice
from console.lists.listing import counts, shown_count
from console.lists.records import RecordAdmin
from console.people.signed_in import staff
from console.shell import events
from console.templatetags import console as tags
from gateway import copied, mirror, nouns
from gateway.models import Event

TABS = {"": "All", "waiting": "Waiting", "dead": "Dead", "quarantined": "Quarantined", "ignored": "Ignored"}


class SourceFilter(Choice):
    """By the way on which it came."""

    title, parameter_name, words = "source", "source", {"webhook": "Delivered", "catch_up": "Caught up"}


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """Stripe's events as they arrived. Payloads hold what Stripe tells of people: a page shows them masked."""

    list_display = ("id", "type", "account_id", "object_id", "created_at", "state_badge", "why")
    list_filter = ("state", SourceFilter, "livemode")
    written = ("error",)
    search_fields = ("id",)
    search_help_text = "Event, object, account, request, type"
    by = ("created", "id")
    answers = ("POST",)
    actions = ("replay",)

    def found(self, words: str, *, personal: bool) -> list[Q]:
        """By any id that it names, or by a part of its type; each by an index."""
        if words.startswith("evt_"):
            return [Q(pk=words)]
        if words.startswith("req_"):
            return [Q(request_id=words)]
        if words.startswith("acct_") and "." not in words:
            return [Q(account=words)]
        if copied.AN_ID.fullmatch(words) or ("." in words and words.startswith("acct_")):
            return [Q(object_key__in=[f"{kind}:{words}" for kind in mirror.REGISTRY])]
        types = [name for name in nouns.event_types() if words.lower() in name]
        # As its index is, else SQLite reads every event.
        by_key = Q(idempotency_key=words) & ~Q(idempotency_key="")
        return [Q(type__in={words, *types}), by_key]

    @admin.display(description="Created")
    def created_at(self, event: Event) -> SafeString:
        """Stripe's time."""
        return tags.when(event.created)

    @admin.display(description="Account")
    def account_id(self, event: Event) -> SafeString:
        """Whose it is; the platform's own have none."""
        return tags.copy_id(event.account, short=True)

    @admin.display(description="Object")
    def object_id(self, event: Event) -> SafeString:
        """What it speaks of."""
        return tags.copy_id(events.object_id(event), short=True)

    @admin.display(description="State")
    def state_badge(self, event: Event) -> SafeString:
        """How it stands."""
        return tags.badge(event.state, "event", plain=True)

    @admin.display(description="Why")
    def why(self, event: Event) -> str:
        """What kept it from being applied."""
        return event.error

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with how many stand in each state that is not done (`state_counts`: state → number)."""
        unsettled = Event.objects.exclude(state=Event.State.DONE)  # SQLite finds their index by these very words
        states = [name for name in TABS if name]
        numbers = dict(zip(states, counts(*(unsettled.filter(state=name) for name in states)), strict=True))
        here, chosen = reverse("admin:gateway_event_changelist"), request.GET.get("state__exact", "")
        tabs = [
            {
                "label": word,
                "url": f"{here}?state__exact={name}" if name else here,
                "current": name == chosen,
                "count": shown_count(numbers[name]) if name else "",
            }
            for name, word in TABS.items()
        ]
        context = {"tabs": tabs, "state_counts": {name: number for name, number in numbers.items() if number}}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def row_page(self, request: HttpRequest, row: Event) -> HttpResponse:
        """What it says, what came of it, and replay."""
        return events.event_page(request, row)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Replay, for those who may."""
        return super().get_actions(request) if staff(request).has_perm("gateway.replay_event") else {}

    @admin.action(description="Replay selected events")
    def replay(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        """Let dead, quarantined and ignored events be applied again; of the others it is said why not."""
        chosen = list(queryset)
        stays = {event.pk: events.replay(request, event) for event in chosen}
        waiting = sum(not why for why in stays.values())
        if waiting:
            many = "event waits" if waiting == 1 else "events wait"
            self.message_user(request, f"{waiting} {many} to be applied again.", messages.SUCCESS)
        for why in sorted({why for why in stays.values() if why}):
            alike = [pk for pk, reason in stays.items() if reason == why]
            more = f" and {len(alike) - 3} more" if len(alike) > 3 else ""
            self.message_user(request, f"{', '.join(alike[:3])}{more}: {why}", messages.WARNING)

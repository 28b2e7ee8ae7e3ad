"""The list of Stripe's events as they arrived."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.lists.filters import AccountFilter, Choice
from console.lists.listing import address, counts, shown_count
from console.lists.records import RecordAdmin
from console.people.signed_in import staff
from console.shell import events
from console.shell.outside import isolated
from console.templatetags import console as tags
from gateway import mirror, nouns
from gateway.models import Event

TABS = {"": "All", "waiting": "Waiting", "dead": "Dead", "quarantined": "Quarantined", "ignored": "Ignored"}


class SourceFilter(Choice):
    """By the way on which it came."""

    title, parameter_name, words = "source", "source", {"webhook": "Delivered", "catch_up": "Caught up"}


class StateTabs(admin.ChoicesFieldListFilter):
    """The states: drawn as tabs above the list."""

    template = "console/lists/no_filter.html"


class OfAccount(AccountFilter):
    """By the account that it came from."""

    column = "account"


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """Stripe's events as they arrived. Payloads hold what Stripe tells of people: a page shows them masked."""

    list_title = "Events"
    list_display = ("event", "about", "created_at", "outcome")
    list_display_links = None
    list_filter = (("state", StateTabs), SourceFilter, "livemode")
    account_filter = OfAccount
    written = ("error",)
    by_this_machine = False
    search_fields = ("id",)
    search_help_text = "Id, account, request, or type"
    by = ("created", "id")
    answers = ("POST",)
    act_word = "Apply"
    actions = ("replay",)

    def found(self, words: str, *, personal: bool) -> list[Q]:
        """By any id that it names, or by a part of its type; each by an index."""
        if words.startswith("evt_"):
            return [Q(pk=words)]
        if words.startswith("req_"):
            return [Q(request_id=words)]
        if words.startswith("acct_") and "." not in words:
            return [Q(account=words)]
        types = [name for name in nouns.event_types() if words.lower() in name]
        if not types and "_" in words:
            return [Q(object_key__in=[f"{kind}:{words}" for kind in mirror.REGISTRY])]
        # As its index is, else SQLite reads every event.
        by_key = Q(idempotency_key=words) & ~Q(idempotency_key="")
        return [Q(type__in={words, *types}), by_key]

    @admin.display(description="Created, UTC")
    def created_at(self, event: Event) -> SafeString:
        """Stripe's time."""
        return tags.in_list(event.created)

    @admin.display(description="Event")
    def event(self, event: Event) -> SafeString:
        """Its type, leading to its page, over its id."""
        url = reverse("admin:gateway_event_change", args=[event.pk])
        name = format_html('<a href="{}" title="{}">{}</a>', url, event.type, isolated(event.type))
        return format_html('<span class="two-lines">{}{}</span>', name, tags.copy_id(event.pk))

    @admin.display(description="Object and account")
    def about(self, event: Event) -> SafeString:
        """What it speaks of, over whose that is; the platform's own are nobody's."""
        own, account = events.object_id(event), tags.copy_id(event.account, short=True)
        if own == event.account:
            return account
        if own.startswith(f"{event.account}."):  # one that Stripe gives no id of its own: a capability, the balance
            name = own.partition(".")[2]
            return format_html('<span class="two-lines"><span>{}</span>{}</span>', isolated(name), account)
        return format_html('<span class="two-lines">{}{}</span>', tags.copy_id(own, short=True), account)

    @admin.display(description="State")
    def outcome(self, event: Event) -> SafeString:
        """How it stands, and what kept it from being applied."""
        why = format_html('<span class="second">{}</span>', isolated(event.error)) if event.error else ""
        return format_html('<span class="two-lines">{}{}</span>', tags.badge(event.state, "event", plain=True), why)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with how many stand in each state that is not done (`state_counts`: state → number)."""
        unsettled = Event.objects.exclude(state=Event.State.DONE)  # SQLite finds their index by these very words
        states = [name for name in TABS if name]
        numbers = dict(zip(states, counts(*(unsettled.filter(state=name) for name in states)), strict=True))
        here, chosen = reverse("admin:gateway_event_changelist"), request.GET.get("state__exact", "")
        kept = {OfAccount.parameter_name: request.GET.get(OfAccount.parameter_name, "")}
        tabs = [
            {
                "label": word,
                "url": address(here, {**kept, "state__exact": name}),
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

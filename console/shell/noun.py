"""What the frame itself adds: home, Stripe's events, and the health of webhooks."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from console.lists import of_account
from console.operations import noun as operations
from console.people import masking
from console.people.signed_in import may_see
from console.shell import figures, formats
from console.shell.badges import absent, no, off, ok, waits
from console.shell.links import DOCS
from console.shell.nouns import (
    ALL,
    COUNTED,
    AccountPanel,
    Found,
    HomePanel,
    Item,
    MenuEntry,
    Noun,
    Queue,
    Search,
    Waiting,
    first,
    stripes,
)
from gateway import clock, health
from gateway.mirror import Mirror
from gateway.models import Event

EVENTS = "events"  # the figure of counted_events
DAY = 24 * 3600
A_KEY = re.compile(r"\S{16,255}")  # an idempotency key, whoever made it


def event_page(event_id: str) -> str:
    """Its page, "" for an id that we do not have. One query."""
    known = Event.objects.filter(pk=event_id[:255]).exists()
    return reverse("admin:gateway_event_change", args=[event_id]) if known else ""


def page_of_request(request_id: str) -> str:
    """The event that a request caused, the list of them where there are several; "" for none. One query."""
    found = list(Event.objects.filter(request_id=request_id[:255]).values_list("pk", flat=True)[:2])
    if len(found) == 1:
        return reverse("admin:gateway_event_change", args=found)
    return f"{reverse('admin:gateway_event_changelist')}?{urlencode({'q': request_id})}" if found else ""


def account_of(name: str, value: str) -> str:
    """Whose the event is that has this id, or came of this request; "" for none. One query."""
    return Event.objects.filter(**{name: value[:255]}).values_list("account", flat=True).first() or ""


def find(request: HttpRequest, words: str) -> Iterable[Found]:
    """Events of what was done under an idempotency key, newest first: ten at most; other words cost no query."""
    if not A_KEY.fullmatch(words):
        return
    # As its index is, else SQLite reads every event.
    for event in Event.objects.filter(idempotency_key=words).exclude(idempotency_key="").order_by("-created")[:10]:
        url = reverse("admin:gateway_event_change", args=[event.pk])
        yield Found(label=event.type, url=url, detail=formats.plain(event.state), id=event.pk)


def dead_events() -> int:
    """How many events were given up. One query."""
    return Event.objects.filter(state=Event.State.DEAD).order_by()[:COUNTED].count()


def counted_events() -> dict[str, int]:
    """How many events nobody applies, and came in the last 24 hours; the worker keeps it. Four queries."""
    today = Event.objects.filter(created__gt=clock.timestamp() - DAY)
    found = {
        "dead": Event.objects.filter(state=Event.State.DEAD),
        "quarantined": Event.objects.filter(state=Event.State.QUARANTINED),
        "ignored": today.filter(state=Event.State.IGNORED),
        "received": today,
    }
    return {name: rows.order_by()[:COUNTED].count() for name, rows in found.items()}


def webhook_health(request: HttpRequest) -> dict[str, Any]:
    """The figures of the panel "Webhook health". One query beside those of the queues, the frame and the figures."""
    now = Event.objects.filter(state=Event.State.WAITING).aggregate(
        oldest=Min("received_at"), beat=health.BEAT, drift=health.drift()
    )
    request.data_age = age = health.age_of(now["oldest"])  # type: ignore[attr-defined]
    beat = now["beat"]
    beaten = beat and timezone.now() - beat
    return {
        **figures.of(request, EVENTS),
        "drift": now["drift"],
        "data_age": age,
        "stale": age.total_seconds() > settings.STALE_AFTER,
        "heartbeat": beat,
        "worker_late": beaten is not None and beaten.total_seconds() > settings.HEARTBEAT_LIMIT,
        "undecided": operations.undecided(request)[1],
    }


def given_up(request: HttpRequest, most: int) -> Waiting:
    """Dead events, oldest first; none has a deadline. One query."""
    rows, many = first(_dead(), most)
    return Waiting([None] * many, [_item(request, event) for event in rows])


def given_up_of_account(request: HttpRequest, account_id: str) -> QuerySet[Event]:
    """Those of one account."""
    return _dead(account=account_id)


def given_up_of_object(request: HttpRequest, row: Mirror) -> QuerySet[Event]:
    """Those of one object, whose row may say what was before them."""
    return _dead(object_key=f"{row.stripe_object}:{row.pk}")


def _dead(**about: str) -> QuerySet[Event]:
    return Event.objects.filter(state=Event.State.DEAD, **about).defer("payload").order_by("received_at", "id")


def _item(request: HttpRequest, event: Event) -> Item:
    url = reverse("admin:gateway_event_change", args=[event.pk])
    why = masking.masked(event.error, may_see=may_see(request))
    return Item(
        object_id=event.object_key.partition(":")[2],
        title=f"Event given up: {event.type}",
        why=why or f"It could not be applied in {event.attempts} tries.",
        url=url,
        start=stripes(event.received_at),
        account_id=event.account,
        button="Look at it",
        button_url=url,
    )


NOUN = Noun(
    roles={"viewer": ("gateway.view_event", "gateway.view_drift"), "administrator": ("gateway.replay_event",)},
    menu=(
        MenuEntry(label="Home", url="admin:index", icon="home", order=0, queue=ALL, urgent=True),
        MenuEntry(
            label="Events",
            url="admin:gateway_event_changelist",
            icon="events",
            section="Stripe",
            permission="gateway.view_event",
        ),
        MenuEntry(
            label="Differences",
            url="admin:gateway_drift_changelist",
            icon="drift",
            section="Stripe",
            permission="gateway.view_drift",
        ),
    ),
    queues=(
        Queue(
            name="events",
            one="dead event",
            label="dead events",
            link=lambda: f"{reverse('admin:gateway_event_changelist')}?state__exact=dead",
            waiting=given_up,
            of_account=given_up_of_account,
            of_object=given_up_of_object,
            item=_item,
            count=dead_events,
            permission="gateway.view_event",
            order=20,
        ),
    ),
    searches=(Search(title="Events", find=find, permission="gateway.view_event", order=97),),
    home_panels=(
        HomePanel(
            name="webhook_health",
            title="Webhook health",
            template="console/shell/webhook_health.html",
            context=webhook_health,
            permission="gateway.view_event",
            order=900,
            aside=True,
        ),
    ),
    figures={EVENTS: counted_events},
    account_panels=(
        AccountPanel(
            name="lists",
            title="All of this account, in the lists over all accounts",
            template="console/lists/of_account.html",
            context=of_account.lists,
            order=900,
        ),
    ),
    badges={
        "event": {
            "waiting": waits("Waiting"),
            "done": ok("Applied"),
            "ignored": off("Ignored"),
            "quarantined": absent("Quarantined", "warn"),
            "dead": no("Dead"),
        },
        "drift": {
            "differs": absent("Differs", "warn"),
            "missing": absent("Missing here", "bad"),
            "gone": off("Gone at Stripe"),
            "back": waits("Back at Stripe"),
        },
    },
    rules={
        "events": f"{DOCS}/api/events",
        "restricted_keys": f"{DOCS}/keys/restricted-api-keys",
        "webhooks": f"{DOCS}/connect/webhooks",
    },
    page_of={"evt_": event_page, "req_": page_of_request},
    account_of={"evt_": partial(account_of, "pk"), "req_": partial(account_of, "request_id")},
    dashboard=(("evt_", "events/{id}"), ("evt_", "{account}/events/{id}"), ("we_", "webhooks/{id}")),
)

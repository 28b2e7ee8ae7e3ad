"""The inbox: events are stored here before they are answered, and applied at least once with the effect of once."""

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle
from typing import Any

from django.conf import settings
from django.db.models import Q

from gateway import applying, clock, intake, mirror, nouns, queue
from gateway.endpoints import secrets
from gateway.models import Event, Heartbeat

State = Event.State
TURN = 5.0  # seconds after which a drain lets other tasks have their turn
PERSONAL_DAYS = 30  # how long an event keeps what it shows of a person
REDACT_SECONDS = 3600
REDACTED_UNTIL = "inbox.redacted_until"
BY_HAND, SECONDS_BY_HAND = 500, 10.0  # what one sweep applies by itself while the queue is away


def on_settled(callback: Callable[[list[Event]], None]) -> None:
    """Have `callback` called with each list of events that was settled, after its transaction has committed."""
    applying.listeners.append(callback)


def receive(body: bytes, header: str, kind: str) -> str:
    """Store the signed event that was delivered to the endpoint `kind` ("platform" or "connect"); return its id.

    Raises intake.Rejected and Django's database errors. One statement, and at most two more to wake the worker.
    """
    event = intake.event_of(intake.verified(body, header, secrets(kind)), source="webhook")
    intake.keep([event])
    if event.state == State.WAITING:
        queue.wake()
    return event.id


def work() -> int:
    """The task: apply what waits, and for a while what is stored meanwhile. How many were settled."""
    queue.begun()
    settled, end = 0, time.monotonic() + TURN
    while time.monotonic() < end:
        found = drain(seconds=TURN)
        if not found:
            time.sleep(settings.WAKE_INTERVAL)
            found = drain(seconds=TURN)
        if not found:
            return settled
        settled += found
    queue.enqueue(queue.DRAIN)
    return settled


def drain(limit: int | None = None, seconds: float = 600) -> int:
    """Apply what waits and is due until nothing is left, or `limit` events or `seconds` are reached; how many settled.

    An event that crashed or raised before is taken alone, in turn with the rest, so that neither holds up the other.
    """
    settled, idle, end = 0, 0, time.monotonic() + seconds
    for alone in cycle((False, True)):
        if idle == 2 or time.monotonic() >= end or (limit is not None and settled >= limit):
            break
        events = Event.objects.claim_alone() if alone else Event.objects.claim_fresh()
        idle = 0 if events else idle + 1
        settled += applying.apply_alone(events, end) if alone else applying.apply(events, end)
    return settled


def sweep() -> int:
    """For gateway.sweep: have the due events applied that no delivery woke a process for. How many are due.

    While the queue is away it applies some of them itself, in the caller's process. Events that were quarantined
    because their account was not ours wait again once it is.
    """
    ours = mirror.account_model().objects.values("pk")
    unsettled = Event.objects.exclude(state=State.DONE)  # SQLite finds their index by these very words
    strangers = unsettled.filter(state=State.QUARANTINED, livemode=settings.CONSOLE_MODE == "live")
    strangers.filter(account__in=ours).update(state=State.WAITING, attempts=0, failures=0, error="")
    number = Event.objects.due().count()
    if number and not queue.enqueue_now(queue.DRAIN):
        drain(limit=BY_HAND, seconds=SECONDS_BY_HAND)
    return number


def replay(event_id: str) -> bool:
    """Let a dead, quarantined or ignored event wait again; False where it cannot, such as one of another mode."""
    event = Event.objects.filter(state__in=(State.DEAD, State.QUARANTINED, State.IGNORED), pk=event_id).first()
    if event is None:
        return False
    event.object_key = intake.object_key(event)
    state, error = intake.first_state(event)
    changes = {"state": state, "error": error, "object_key": event.object_key, "attempts": 0, "failures": 0}
    Event.objects.filter(pk=event_id).exclude(state=State.DONE).put_off(None, **changes)
    if state == State.WAITING:
        queue.enqueue(queue.DRAIN)
    return state == State.WAITING


def redact_old() -> int:
    """Drop what Stripe sent of persons from events of 30 days ago (Stripe's clock); the rows stay. Returns how many.

    Looks once an hour. An event that is redacted before it was applied makes its object be fetched.
    """
    until = clock.now() - timedelta(days=PERSONAL_DAYS)
    if not queue.take_turn("inbox.redact", REDACT_SECONDS):
        return 0
    personal = Q(pk=None)
    for kind, noun in nouns.personal().items():
        personal |= Q(object_key__startswith=f"{kind}:") | Q(type__in=noun.event_types)
    mark = Heartbeat.objects.filter(name=REDACTED_UNTIL).first()
    old = Event.objects.filter(personal, created__lte=int(until.timestamp()))
    if mark:
        old = old.filter(created__gt=int(mark.at.timestamp()) - REDACT_SECONDS)  # and what catch-up brought late
    number = 0
    for event in old.iterator(chunk_size=200):
        payload = redacted(event.payload)
        if payload != event.payload:
            number += Event.objects.filter(pk=event.pk).update(payload=payload)
    Heartbeat.objects.update_or_create(name=REDACTED_UNTIL, defaults={"at": until})
    return number


def redacted(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload without what its noun declares as personal."""
    data = payload.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("object"), dict) or data.get(intake.REDACTED):
        return payload
    shown = data["object"]
    noun = nouns.personal().get(str(shown.get("object")))
    if noun is None:
        return payload
    if noun.personal == nouns.EVERYTHING:
        left = {name: shown[name] for name in ("id", "object", "account") if name in shown}
        return {**payload, "data": {"object": left, intake.REDACTED: True}}
    parts = {name: {**part} for name, part in data.items() if isinstance(part, dict)}
    dropped = [part.pop(name, None) for part in parts.values() for name in noun.personal]
    return {**payload, "data": {**data, **parts, intake.REDACTED: True}} if any(dropped) else payload

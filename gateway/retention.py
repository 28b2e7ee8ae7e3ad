"""What an event shows is kept for 30 days of Stripe's clock, as long as Stripe itself lists it. The row stays.

An event that is done has its field changes in history, written by the transaction that marked it done: its payload is
dropped whole. One that is not done keeps its payload, for it may still be applied, without what it shows of a person.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from gateway import clock, intake, nouns, queue
from gateway.models import Event, Heartbeat

KEPT = timedelta(days=30)
AT_ONCE = 500  # payloads of one statement: some milliseconds in which these rows are locked
SLICE = 20.0  # seconds of one task; the next goes on
DROPPED: dict[str, Any] = {"data": {intake.REDACTED: True}}
REDACT_SECONDS = 3600
REDACTED_UNTIL = "inbox.all_redacted_until"  # an older release passed over what it ignored
READ_AT_ONCE = 200  # payloads that are looked at together


def drop_due() -> int:
    """The scheduled task: drop payloads for a while, and hand on where more are due; how many were dropped."""
    number, end = 0, time.monotonic() + SLICE
    for dropped in drop_old(clock.now() - KEPT):
        number += dropped
        if time.monotonic() >= end:
            queue.enqueue("gateway.retention.drop_due")
            break
    return number


def drop_old(until: datetime) -> Iterator[int]:
    """Drop the payloads of done events created until then, AT_ONCE at a time, oldest first; how many, each time.

    Safe to repeat, to interrupt, and in two processes at once.
    """
    while ids := list(due(until).values_list("pk", flat=True)[:AT_ONCE]):
        yield due(until).filter(pk__in=ids).update(payload=DROPPED, dropped_at=timezone.now())


def due(until: datetime) -> Any:
    """The done events created until then that have their payload still, oldest first."""
    kept = Event.objects.filter(state=Event.State.DONE, dropped_at=None)
    return kept.filter(created__lte=int(until.timestamp())).order_by("created")


def redact_old() -> int:
    """The scheduled task: drop what Stripe sent of persons from old events that are not done. Looks once an hour."""
    return redact_due() if queue.take_turn("inbox.redact", REDACT_SECONDS) else 0


def redact_due(since: int | None = None) -> int:
    """Do it for a while, oldest first, from that second on, and hand on where more are due. How many were redacted.

    An event that is redacted before it was applied makes its object be fetched.
    """
    until, end, number = clock.now() - KEPT, time.monotonic() + SLICE, 0
    if since is None:
        mark = Heartbeat.objects.filter(name=REDACTED_UNTIL).first()
        since = int(mark.at.timestamp()) - REDACT_SECONDS if mark else 0  # and what catch-up brought late
    old = Event.objects.exclude(state=Event.State.DONE).filter(created__lte=int(until.timestamp()))
    old = old.order_by("created", "id").only("id", "created", "payload")
    rows = list(old.filter(created__gte=since)[:READ_AT_ONCE])
    while rows:
        number += sum(map(_redact, rows))
        last = rows[-1]
        if time.monotonic() >= end:
            queue.enqueue("gateway.retention.redact_due", last.created)
            return number
        behind = Q(created__gt=last.created) | Q(id__gt=last.pk)
        rows = list(old.filter(behind, created__gte=last.created)[:READ_AT_ONCE])
    Heartbeat.objects.update_or_create(name=REDACTED_UNTIL, defaults={"at": until})
    return number


def _redact(event: Event) -> int:
    """1 where it showed something. An event that was done meanwhile may have lost its payload: it is not given back."""
    payload = redacted(event.payload)
    if payload == event.payload:
        return 0
    return Event.objects.filter(pk=event.pk).exclude(state=Event.State.DONE).update(payload=payload)


def redacted(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload without what its noun declares as personal; of what no noun follows, ids alone are left."""
    data = payload.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("object"), dict) or data.get(intake.REDACTED):
        return payload
    shown = data["object"]
    personal = nouns.personal().get(str(shown.get("object")), nouns.EVERYTHING)
    if personal == nouns.EVERYTHING:
        left = {name: shown[name] for name in ("id", "object", "account") if name in shown}
        return {**payload, "data": {"object": left, intake.REDACTED: True}}
    parts = {name: {**part} for name, part in data.items() if isinstance(part, dict)}
    dropped = [part.pop(name, None) for part in parts.values() for name in personal]
    return {**payload, "data": {**data, **parts, intake.REDACTED: True}} if any(dropped) else payload

"""The inbox: events are stored here before they are answered, and applied at least once with the effect of once."""

import time
from collections.abc import Callable
from itertools import cycle

from django.conf import settings

from gateway import applying, intake, mirror, queue
from gateway.endpoints import secrets
from gateway.models import Event

State = Event.State
TURN = 5.0  # seconds after which a drain lets other tasks have their turn
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

"""The rate budget: one bucket shared by all processes, so that Stripe need not say 429.

Slots are handed out evenly spaced by one statement on one row (GCRA without a burst). A caller sleeps until its slot,
and gives it up when it wakes too late: slots are spaced a little wider than the rate asks, by just what lateness is
borne, so that no window of one second ever sees more calls than the rate.

Who may queue for how long is a lane. A person's call queues as long as a person waits; work in the background takes a
slot only while hardly anybody queues, so that a person is never far from the next one. While urgent work goes on, what
is in the background takes no slot at all.

What was stopped while it stood in the queue does not go: who queues may say what to ask before the call (`unless`).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from gateway.errors import Unreachable
from gateway.models import RateBucket

BUCKET = "api"  # the one row's key
LATE = 0.04  # seconds a caller may be late for its slot
LONGEST_WAIT = 5.0  # seconds a caller queues
LOOK_AGAIN = 0.05  # seconds after which one in the background looks again whether there is room
URGENT_LASTS = 1.0  # seconds after an urgent call in which the background stands back for the next
ASKED_LASTS = 0.5  # seconds after which it is asked again what stops a call
CLOCK_JUMP = 60.0  # a slot further away than anybody queues: the wall clock was set back

NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
}
# Returns the slot given and the time it was given at; no row where the queue is longer than the caller will join, or
# where it stands back for what is urgent.
TAKE = """
UPDATE gateway_ratebucket
SET free_at = (CASE WHEN free_at > {now} AND free_at <= {now} + {jump} THEN free_at ELSE {now} END) + %s{urgent}
WHERE scope = %s AND (free_at <= {now} + %s OR free_at > {now} + {jump}){back}
RETURNING free_at, {now}{lazily}
"""
# Committed without waiting for the disk, under which all callers would wait in turn: a slot that a crash of the
# database takes back was used long before it is up again.
LAZILY = {"sqlite": "", "postgresql": ", set_config('synchronous_commit', 'off', true)"}
IS_URGENT = ", urgent_at = {now}"
STANDS_BACK = " AND (urgent_at <= {now} - {lasts} OR urgent_at > {now} + {jump})"


@dataclass(frozen=True)
class Lane:
    """Who calls: `joins` is the longest queue (seconds) that it joins, `waits` how long it waits for such a one."""

    joins: float
    waits: float = LONGEST_WAIT
    urgent: bool = False
    background: bool = False


PERSON = Lane(joins=LONGEST_WAIT)
URGENT = Lane(joins=LONGEST_WAIT, urgent=True)  # what stops harm: the background stands back
READS = Lane(joins=0.5, background=True)  # sync, and what else only reads while nobody waits for it
BULK = Lane(joins=0.1, waits=10.0, background=True)  # rows of bulk runs
BULK_AGAIN = Lane(joins=0.1, waits=1.0, background=True)  # the same by themselves: none of them holds up the worker
_lane: ContextVar[Lane | None] = ContextVar("lane", default=None)


class NoTurn(Unreachable):
    """It was not this call's turn, and nothing was sent of it. `calls`: of the block of `unless` that went before it.

    `stopped`: what asked said no meanwhile. `lane`: in which it stood.
    """

    def __init__(self, message: str, *, lane: Lane, stopped: bool = False, calls: int = 0) -> None:
        super().__init__(message, sent=False, retry_after=0.0 if stopped else max(lane.waits, 1.0))
        self.lane, self.stopped, self.calls = lane, stopped, calls


@dataclass
class _Asked:
    """What says whether a call is stopped, when it was asked last (time.monotonic), and how many calls went."""

    stopped: Callable[[], bool]
    at: float
    calls: int = 0


_asked: ContextVar[_Asked | None] = ContextVar("asked", default=None)


@contextmanager
def lane(chosen: Lane) -> Iterator[None]:
    """Within, calls of this thread use this lane."""
    token = _lane.set(chosen)
    try:
        yield
    finally:
        _lane.reset(token)


@contextmanager
def unless(stopped: Callable[[], bool]) -> Iterator[None]:
    """Within, a call of this thread does not go where `stopped` says so: asked by each whose last answer is ASKED_LASTS
    old when it has its slot. Who opens the block has just asked.
    """
    token = _asked.set(_Asked(stopped, time.monotonic()))
    try:
        yield
    finally:
        _asked.reset(token)


def take(default: Lane = PERSON) -> Lane:
    """Wait for the next slot in the thread's lane, else the `default` one; the lane. One query a try.

    Raises NoTurn when it is too far off, or where the call was stopped meanwhile (`unless`). A rate of 0 or less in the
    settings means no limit.
    """
    used, asked = _lane.get() or default, _asked.get()
    if settings.STRIPE_RATE > 0 and not _waited(settings.STRIPE_RATE, used):
        raise NoTurn("Our own rate budget for Stripe is used up.", lane=used, calls=asked.calls if asked else 0)
    if asked and time.monotonic() - asked.at > ASKED_LASTS:
        asked.at = time.monotonic()
        if asked.stopped():
            raise NoTurn("It was stopped while it waited for its turn.", lane=used, stopped=True, calls=asked.calls)
    if asked:
        asked.calls += 1
    return used


def _waited(rate: float, used: Lane) -> bool:
    """Wait for a slot; False where there was none in time."""
    deadline = time.monotonic() + used.waits
    while (patience := deadline - time.monotonic()) > 0:
        wait = _slot(spacing(rate), min(patience, used.joins), used)
        if wait is None and used.background:
            time.sleep(min(LOOK_AGAIN, patience))
            continue
        if wait is None:
            return False
        asked = time.monotonic()
        if wait > 0:
            time.sleep(wait)
        if time.monotonic() - asked - max(wait, 0.0) <= LATE:
            return True
    return False


def spacing(rate: float) -> float:
    """Seconds between two slots, so that rate + 1 of them take a second and the lateness that is allowed."""
    return (1 + LATE) / rate


def _slot(gap: float, joins: float, used: Lane) -> float | None:
    """Seconds until the slot that is now ours; None where there is none for us now."""
    row = _ask(gap, joins, used)
    if row is None:
        RateBucket.objects.get_or_create(scope=BUCKET)  # the first call, perhaps of several at once
        row = _ask(gap, joins, used)
    if row is None:
        return None
    given, now = row
    return given - gap - now


def _ask(gap: float, joins: float, used: Lane) -> tuple[float, float] | None:
    urgent = IS_URGENT if used.urgent else ""
    back = STANDS_BACK if used.background else ""
    values: dict[str, Any] = {"now": NOW[connection.vendor], "jump": CLOCK_JUMP, "lasts": URGENT_LASTS}
    values["lazily"] = "" if connection.in_atomic_block else LAZILY[connection.vendor]
    statement = TAKE.replace("{urgent}", urgent).replace("{back}", back).format(**values)
    with connection.cursor() as cursor:
        cursor.execute(statement, [gap, BUCKET, joins])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return (row[0], row[1]) if row else None

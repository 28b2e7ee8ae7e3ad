"""The rate budget: one bucket shared by all processes, so that Stripe need not say 429.

Slots are handed out evenly spaced by one statement on one row (GCRA without a burst). A caller sleeps until its slot,
and gives it up when it wakes too late: slots are spaced a little wider than the rate asks, by just what lateness is
borne, so that no window of one second ever sees more calls than the rate.
"""

import time

from django.conf import settings
from django.db import connection

from gateway.errors import Unreachable
from gateway.models import RateBucket

BUCKET = "api"  # the one row's key
LATE = 0.05  # seconds a caller may be late for its slot
LONGEST_WAIT = 5.0  # seconds a caller queues
CLOCK_JUMP = 60.0  # a slot further away than anybody queues: the wall clock was set back

NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
}
# Returns the slot given and the time it was given at; no row where the queue is longer than the caller will wait.
TAKE = """
UPDATE gateway_ratebucket
SET free_at = (CASE WHEN free_at > {now} AND free_at <= {now} + {jump} THEN free_at ELSE {now} END) + %s
WHERE scope = %s AND (free_at <= {now} + %s OR free_at > {now} + {jump})
RETURNING free_at, {now}
"""


def take(*, longest_wait: float = LONGEST_WAIT) -> None:
    """Wait for the next slot. Raises Unreachable (nothing sent) when it is too far off. One query a try.

    A rate of 0 or less in the settings means no limit.
    """
    rate = settings.STRIPE_RATE
    if rate <= 0:
        return
    deadline = time.monotonic() + longest_wait
    while (patience := deadline - time.monotonic()) > 0:
        wait = _slot(spacing(rate), patience)
        asked = time.monotonic()
        if wait > 0:
            time.sleep(wait)
        if time.monotonic() - asked - max(wait, 0.0) <= LATE:
            return
    raise _full(longest_wait)


def spacing(rate: float) -> float:
    """Seconds between two slots, so that rate + 1 of them take a second and the lateness that is allowed."""
    return (1 + LATE) / rate


def _slot(gap: float, patience: float) -> float:
    """Seconds until the slot that is now ours."""
    row = _ask(gap, patience)
    if row is None:
        RateBucket.objects.get_or_create(scope=BUCKET)  # the first call, perhaps of several at once
        row = _ask(gap, patience)
    if row is None:
        raise _full(patience)
    given, now = row
    return given - gap - now


def _ask(gap: float, patience: float) -> tuple[float, float] | None:
    statement = TAKE.format(now=NOW[connection.vendor], jump=CLOCK_JUMP)
    with connection.cursor() as cursor:
        cursor.execute(statement, [gap, BUCKET, patience])
        row: tuple[float, float] | None = cursor.fetchone()
    return row


def _full(waited: float) -> Unreachable:
    return Unreachable("Our own rate budget for Stripe is used up.", sent=False, retry_after=max(waited, 1.0))

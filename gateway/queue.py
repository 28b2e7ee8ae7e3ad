"""Background work, asked for at once or by schedule. The one place that knows django-q2.

Its ORM broker loses nothing that was committed.

A queue that is away costs time and no work: events and operations are rows of their own, and the worker's sweep finds
them. So a failure here is logged and never raised. Tasks take ids only and are safe to run twice.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone
from django_q.models import Schedule
from django_q.scheduler import scheduler
from django_q.tasks import async_task

from gateway import locks
from gateway.models import Heartbeat

logger = logging.getLogger(__name__)
DRAIN = "gateway.inbox.work"
ASKED_LASTS = 5.0  # seconds after which a drain that was asked for and never began is taken for lost
SCHEDULES_LOCK = 0x7363686564  # under which schedules are written
_woken = float("-inf")


@dataclass(frozen=True)
class Scheduled:
    """That the function at the dotted `path` is called in the worker every so many seconds, under a stable name."""

    name: str
    path: str
    seconds: float


def write_schedules(lines: Sequence[Scheduled]) -> None:
    """Have django-q2's schedules be these and no others, each due now. Safe to repeat, and in two workers at once."""
    now = timezone.now()
    rows = [
        Schedule(
            name=line.name,
            func=line.path,
            schedule_type=Schedule.MINUTES,
            minutes=max(1, round(line.seconds / 60)),
            next_run=now,
        )
        for line in lines
    ]
    with transaction.atomic():
        locks.one_at_a_time(SCHEDULES_LOCK)
        Schedule.objects.all().delete()
        Schedule.objects.bulk_create(rows)


def run_schedules(lines: Sequence[Scheduled]) -> None:
    """Ask for what is due by time; of several workers one does. django-q2 logs what fails, and tries the next time.

    Called in the worker's rounds: django-q2's own process would do it twice a minute, first after half a minute, and
    not while it is wedged. It counts in whole minutes, so a shorter interval is kept by having the next run sooner.
    """
    scheduler()
    for line in lines:
        if line.seconds < 60:
            soon = timezone.now() + timedelta(seconds=line.seconds)
            Schedule.objects.filter(name=line.name, next_run__gt=soon).update(next_run=soon)


def enqueue(path: str, *args: object) -> None:
    """Have the function at the dotted `path` called in the worker, once this transaction has committed."""
    transaction.on_commit(partial(enqueue_now, path, *args))


def enqueue_now(path: str, *args: object) -> bool:
    """The same at once, outside of a transaction; False where the queue is away."""
    try:
        # Outside a transaction django-q2 would close this thread's database connection.
        with transaction.atomic():
            async_task(path, *args)
    except (DatabaseError, InterfaceError) as error:
        _away(path, error)
        return False
    return True


def wake() -> None:
    """Have the waiting events applied. Cheap to call for each event: most calls do nothing, none raises.

    A process asks at most once in WAKE_INTERVAL, and a drain waits that long for more before it ends. No process asks
    while a drain that was asked for has not begun. At most two statements.
    """
    global _woken
    if time.monotonic() - _woken < settings.WAKE_INTERVAL:
        return
    _woken = time.monotonic()
    transaction.on_commit(_ask)


def begun(name: str = DRAIN) -> None:
    """Note that a drain begins: what is stored from now on must ask for another one. Call before looking for it."""
    Heartbeat.objects.filter(name=name).delete()


def take_turn(name: str, seconds: float) -> bool:
    """True for one caller in `seconds`, over all processes. One statement."""
    now = timezone.now()
    table = connection.ops.quote_name(Heartbeat._meta.db_table)
    statement = (
        f"INSERT INTO {table} (name, at) VALUES (%s, %s) "  # noqa: S608  (the name is our own model's)
        f"ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE {table}.at < %s"
    )
    times = (connection.ops.adapt_datetimefield_value(at) for at in (now, now - timedelta(seconds=seconds)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [name, *times])
        return bool(cursor.rowcount == 1)


def _ask() -> None:
    try:
        with transaction.atomic():
            if take_turn(DRAIN, ASKED_LASTS):
                async_task(DRAIN)
    except (DatabaseError, InterfaceError) as error:
        _away(DRAIN, error)


def _away(path: str, error: Exception) -> None:
    logger.warning("the queue is away, the sweep will see to %s: %s", path, type(error).__name__)

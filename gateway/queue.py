"""Asking for background work. The one place that knows django-q2; its ORM broker loses nothing that was committed.

A queue that is away costs time and no work: events and operations are rows of their own, and the worker's sweep finds
them. So a failure here is logged and never raised. Tasks take ids only and are safe to run twice.
"""

import logging
import time
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone
from django_q.tasks import async_task

from gateway.models import Heartbeat

logger = logging.getLogger(__name__)
DRAIN = "gateway.inbox.work"
ASKED_LASTS = 5.0  # seconds after which a drain that was asked for and never began is taken for lost
_woken = float("-inf")


def enqueue(path: str, *args: object) -> None:
    """Have the function at the dotted `path` called in the worker, once this transaction has committed."""
    transaction.on_commit(partial(_send, path, args))


def enqueue_now(path: str, *args: object) -> bool:
    """The same at once, outside of a transaction; False where the queue is away."""
    return _send(path, args)


def wake() -> None:
    """Have the waiting events applied. Cheap to call for each event: most calls do nothing, none raises.

    This process asks at most once in WAKE_INTERVAL, and a drain lingers that long after it found nothing; of all
    processes none asks while a drain that was asked for has yet to begin. At most two statements.
    """
    global _woken
    if time.monotonic() - _woken < settings.WAKE_INTERVAL:
        return
    _woken = time.monotonic()
    transaction.on_commit(_ask)


def begun() -> None:
    """Note that a drain begins: events stored from now on must ask for another one. Call before looking for events."""
    Heartbeat.objects.filter(name=DRAIN).delete()


def take_turn(name: str, seconds: float) -> bool:
    """True for one caller in `seconds`, whatever the number of processes. One statement."""
    now = timezone.now()
    table = connection.ops.quote_name(Heartbeat._meta.db_table)
    statement = (
        f"INSERT INTO {table} (name, at) VALUES (%s, %s) "  # noqa: S608  (the name is our own model's)
        f"ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE {table}.at < %s"
    )
    moments = (connection.ops.adapt_datetimefield_value(at) for at in (now, now - timedelta(seconds=seconds)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [name, *moments])
        return cursor.rowcount == 1


def _ask() -> None:
    try:
        with transaction.atomic():
            if take_turn(DRAIN, ASKED_LASTS):
                async_task(DRAIN)
    except (DatabaseError, InterfaceError) as error:
        _away(DRAIN, error)


def _send(path: str, args: tuple[object, ...]) -> bool:
    try:
        # Outside a transaction django-q2 would close this thread's database connection.
        with transaction.atomic():
            async_task(path, *args)
    except (DatabaseError, InterfaceError) as error:
        _away(path, error)
        return False
    return True


def _away(path: str, error: Exception) -> None:
    logger.warning("the queue is away, the sweep will see to %s: %s", path, type(error).__name__)

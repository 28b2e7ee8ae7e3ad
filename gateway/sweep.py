"""The one sweep over everything that is Claimed: what the queue was never asked for, or has lost."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.utils import timezone
from django.utils.module_loading import import_string

from gateway.claims import Claimed
from gateway.queue import enqueue

QUEUED = "queue"  # holds what waits in the queue
BATCH = 200  # rows of a model that one sweep hands to the queue


def everything(now: datetime | None = None, *, full: bool = True) -> int:
    """Go over every model that is Claimed; how many of their rows are due.

    The worker does it at each tick: rows that dead processes held are freed, and rows with a task of their own are
    handed on as soon as they are due. Rows that are worked off together are handed on in a `full` sweep (each
    SWEEP_INTERVAL), or when a process has died that held a row of any kind.
    """
    models = [model for model in apps.get_models() if issubclass(model, Claimed)]
    died = sum(_freed(model, now) for model in models) > 0
    return sum(_handed_on(model, now, full=full or died) for model in models)


def over(model: type[Claimed], now: datetime | None = None, *, full: bool = True) -> int:
    """The same for one model."""
    freed = _freed(model, now)
    return _handed_on(model, now, full=full or freed > 0)


def _freed(model: type[Claimed], now: datetime | None) -> int:
    objects: Any = model._default_manager
    return int(objects.release_dead(now))


def _handed_on(model: type[Claimed], now: datetime | None, *, full: bool) -> int:
    if model.swept_by:
        return int(import_string(model.swept_by)()) if full else 0
    objects: Any = model._default_manager
    now = now or timezone.now()
    due = objects.due(now).order_by("next_try_at").values_list("pk", flat=True)
    return sum(hand_over(model, pk, now) for pk in due[:BATCH])


def hand_over(model: type[Claimed], pk: object, at: datetime) -> bool:
    """Claim a row that is due for the queue, and have it worked off; False where it was not due.

    The claim keeps the next sweep from handing the row on again, and runs out where the queue loses it.
    """
    objects: Any = model._default_manager
    due = objects.due(max(at, timezone.now())).filter(pk=pk)
    taken = due.claim(by=QUEUED, until=model.claim_ends(at))
    if taken:
        enqueue(model.task, str(pk), seconds=model.task_seconds)
    return bool(taken)

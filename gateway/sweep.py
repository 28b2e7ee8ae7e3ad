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
    SWEEP_INTERVAL), or when some were freed.
    """
    return sum(over(model, now, full=full) for model in apps.get_models() if issubclass(model, Claimed))


def over(model: type[Claimed], now: datetime | None = None, *, full: bool = True) -> int:
    """The same for one model."""
    now = now or timezone.now()
    objects: Any = model._default_manager
    freed = objects.release_dead(now)
    if model.swept_by:
        number: int = import_string(model.swept_by)() if full or freed else 0
        return number
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

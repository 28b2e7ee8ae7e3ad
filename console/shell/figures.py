"""Figures that the worker keeps, so that no page computes them: how much waits in each queue, and what nouns declare.

A figure is computed anew EVERY seconds, or where that takes long, so seldom that it takes the worker a SHARE of its
time. A page reads the row. Where there is none (before a worker's first round) the page computes it by itself.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import Error, models
from django.http import HttpRequest
from django.utils import timezone

from console.shell import nouns
from console.shell.nouns import Queue

logger = logging.getLogger(__name__)
EVERY = timedelta(seconds=2)
SHARE = 50  # a figure that takes a second is computed every fifty
LONGEST = timedelta(seconds=100)  # and none more seldom than this
AGAIN = timedelta(minutes=1)  # after which one that could not be computed is tried again
OLD = timedelta(minutes=2)  # from where on its age is shown: no worker keeps it
COLD_SECONDS = 5  # what a page computed by itself may be this old
QUEUES, COLD = "figures-of-queues", "figure:{}"  # keys of the cache
READ_SECONDS = 1  # and what it read of the queues


class Figure(models.Model):
    """What was computed under a name, as JSON, and when (wall time)."""

    name = models.CharField(primary_key=True, max_length=64)
    value = models.JSONField()
    at = models.DateTimeField()
    next_at = models.DateTimeField()

    class Meta:
        """Nobody sees, adds, changes or deletes a row by hand."""

        default_permissions = ()

    def __str__(self) -> str:
        """Return the name."""
        return self.name


@dataclass(frozen=True)
class Kept:
    """A figure as a page shows it; `at` is None where the page computed it by itself."""

    value: Any
    at: datetime | None = None

    @property
    def age(self) -> timedelta | None:
        """How old it is, where that is more than the worker leaves it."""
        age = timezone.now() - self.at if self.at else timedelta(0)
        return age if age > OLD else None


def of_queue(queue: Queue) -> str:
    """The name of the figure that says how much waits in it."""
    return f"queue.{queue.name}"


def every() -> dict[str, Callable[[], Any]]:
    """How each figure is computed, by its name: those that nouns declare before the queues, which may read them."""
    declared = {name: compute for noun in nouns.every() for name, compute in noun.figures.items()}
    return {**declared, **{of_queue(queue): queue.count for queue in nouns.queues()}}


def keep() -> int:
    """The worker's turn: compute and write what is due; how many that were. Raises Django's database errors."""
    later = set(Figure.objects.filter(next_at__gt=timezone.now()).values_list("name", flat=True))
    due = {name: compute for name, compute in every().items() if name not in later}
    found = [row for row in (_computed(name, compute) for name, compute in due.items()) if row]
    Figure.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["name"], update_fields=["value", "at", "next_at"]
    )
    return len(found)


def _computed(name: str, compute: Callable[[], Any]) -> Figure | None:
    """The row; None where it could not be computed, so that the old one stays and grows old."""
    at, began = timezone.now(), time.monotonic()
    try:
        value = compute()
    except Exception as error:
        logger.warning("the figure %s could not be computed", name, exc_info=not isinstance(error, Error))
        Figure.objects.filter(name=name).update(next_at=at + AGAIN)
        return None
    took = timedelta(seconds=time.monotonic() - began)
    return Figure(name=name, value=value, at=at, next_at=timezone.now() + min(max(EVERY, SHARE * took), LONGEST))


def read(names: Iterable[str]) -> Mapping[str, Kept]:
    """These figures by name. One query, and where none keeps them those that compute them, seldom."""
    wanted = list(names)
    rows = Figure.objects.filter(name__in=wanted).values_list("name", "value", "at")
    found = {name: Kept(value, at) for name, value, at in rows}
    return {name: found[name] if name in found else Kept(_cold(name)) for name in wanted}


def value(name: str) -> Any:
    """One of them. One query, as above."""
    return read([name])[name].value


def of(request: HttpRequest, name: str) -> Any:
    """One that a noun declares. All of these are read together, once a request. One query, as above."""
    if not hasattr(request, "figures"):
        request.figures = read(name for noun in nouns.every() for name in noun.figures)  # type: ignore[attr-defined]
    return request.figures[name].value  # type: ignore[attr-defined]


def waiting() -> dict[str, Kept]:
    """How much waits in each queue, by its name. At most one query, none where it was read just now."""

    def of_queues() -> dict[str, Kept]:
        found = read(of_queue(queue) for queue in nouns.queues())
        return {queue.name: found[of_queue(queue)] for queue in nouns.queues()}

    return cache.get_or_set(QUEUES, of_queues, READ_SECONDS) or {}


def _cold(name: str) -> Any:
    return cache.get_or_set(COLD.format(name), every()[name], COLD_SECONDS)


def forget() -> None:
    """Have this process, and those that share its cache, look again at once."""
    cache.delete_many([QUEUES, *map(COLD.format, every())])

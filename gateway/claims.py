"""Rows that processes work off: who holds which, since when, and whether that process still lives. Wall time.

A claim is committed before the work, so that a process that dies leaves a trace and its row is worked off by another.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar
from uuid import uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

NAMESPACE = Path("/proc/self/ns/pid")
CRASHES = 5  # attempts that ended their process or raised: then a row is given up, or left to a person
FREE: dict[str, Any] = {"claimed_by": "", "claimed_until": None}
C = TypeVar("C", bound="Claimed")


def _here() -> str:
    """This host and its pid namespace: within it, a pid names one process."""
    return f"{os.uname().nodename}:{NAMESPACE.readlink().name if NAMESPACE.exists() else '-'}"


def process_name() -> str:
    """The name under which this process claims: `host:pid-namespace:pid`."""
    return f"{_here()}:{os.getpid()}"


def claim_name() -> str:
    """A name for one claim of this process (`process#claim`), where the process may come to the same row twice."""
    return f"{process_name()}#{uuid4().hex[:8]}"


def is_dead(claimed_by: str) -> bool:
    """Whether it was claimed by a process of this host that has ended. False for one of another host: unknown here."""
    here, _, pid = claimed_by.partition("#")[0].rpartition(":")
    if here != _here():
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in ("Z", "X")  # ended, and not yet collected by its parent


class ClaimedQuerySet(models.QuerySet[C]):
    """Everything that is ever done with a claim. Each method is safe against any number of processes doing the same."""

    def waiting(self) -> Self:
        """Those that are not worked off yet, held or not."""
        return self.filter(self.model.waiting)

    def due(self, now: datetime | None = None) -> Self:
        """Those that wait, are not put off any longer, and that no live claim holds."""
        now = now or timezone.now()
        free = Q(claimed_until=None) & (Q(next_try_at=None) | Q(next_try_at__lte=now))
        return self.waiting().filter(free | Q(claimed_until__lte=now))

    def claim(
        self,
        *,
        by: str = "",
        until: datetime | None = None,
        limit: int | None = None,
        skip_locked: bool = False,
        **counted: Any,
    ) -> list[C]:
        """Claim these rows, in their order, at most `limit`, and return them as they were before. Two statements.

        Call it on `due()`, or on what is known to be nobody else's: of two processes that claim at once, one finds the
        row claimed and leaves it out. `by` is this process unless it is named, `until` the model's `claim_ends`.
        `counted` is written with the claim (attempts=F("attempts") + 1). With `skip_locked` what another transaction
        has locked is left out, otherwise waited for.
        """
        with transaction.atomic(savepoint=False):
            rows = list(self.select_for_update(no_key=True, skip_locked=skip_locked)[:limit])
            by, until = by or process_name(), until or self.model.claim_ends()
            taken = self.model._default_manager.filter(pk__in=[row.pk for row in rows])
            taken.update(claimed_by=by, claimed_until=until, **counted)
        for row in rows:
            row.claimed_by, row.claimed_until = by, until
        return rows

    def held(self, by: str = "") -> Self:
        """Those that still wait and are held under that name, by default this process's."""
        return self.waiting().filter(claimed_by=by or process_name())

    def renew(self) -> int:
        """Hold them anew until `claim_ends`: a call to Stripe follows."""
        return self.update(claimed_until=self.model.claim_ends())

    def release(self) -> int:
        """Give back untouched rows: due at once, and the attempt does not count."""
        return self.update(**FREE, next_try_at=timezone.now(), attempts=Greatest(F("attempts") - 1, 0))

    def put_off(self, until: datetime | None, **changes: Any) -> int:
        """Give them back until then, with what came of the attempt; gateway.back_off says how long.

        None: they are due at once, or never again by themselves where the model's `waiting` says so.
        """
        return self.update(**FREE, next_try_at=until, **changes)

    def pause(self, seconds: float, **changes: Any) -> int:
        """The same for so many seconds from now."""
        return self.put_off(timezone.now() + timedelta(seconds=seconds), **changes)

    def settle(self, **changes: Any) -> int:
        """Note that they are worked off, by `changes`, and end their claims."""
        return self.put_off(None, **changes)

    def release_dead(self, now: datetime | None = None) -> int:
        """Free what processes of this host held that have ended: due at once. How many; cheap enough for each second.

        The claims of a dead host run out.
        """
        held = self.waiting().filter(claimed_until__isnull=False)
        names = set(held.order_by().values_list("claimed_by", flat=True).distinct())
        dead = [name for name in names if is_dead(name)]
        if not dead:
            return 0
        with transaction.atomic():  # what another transaction has locked is freed the next time: nobody is waited for
            theirs = held.filter(claimed_by__in=dead).order_by("pk").select_for_update(no_key=True, skip_locked=True)
            found = self.model._default_manager.filter(pk__in=list(theirs.values_list("pk", flat=True)))
            return found.update(**FREE, next_try_at=now or timezone.now())


class Claimed(models.Model):
    """A row that processes work off, one process at a time: an event, an operation; so a bulk row, a job, a mail.

    A subclass says with `waiting` which of its rows are not worked off yet, and has an index over no others (a
    condition without an `IN`: SQLite would not use it). It names as a dotted path either `task`, which works one row
    off given its id (within `task_seconds`; 0: the pool's timeout), or `swept_by`, which has all due rows worked off
    together (gateway.sweep). A Meta of its own inherits this one, and `indexes` begins with `*Claimed.Meta.indexes`.

    A row is claimed by a process (`claimed_by`, "" for nobody) until `claimed_until`, when another may
    take it. `next_try_at` is when it is due, None at once. `attempts` counts as the subclass says.
    """

    waiting: ClassVar[Q]
    task: ClassVar[str] = ""
    swept_by: ClassVar[str] = ""
    task_seconds: ClassVar[int] = 0

    claimed_by = models.CharField(max_length=255, blank=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        """What is held is found without looking at what is not."""

        abstract = True
        indexes: ClassVar[list[models.Index] | tuple[models.Index, ...]] = (
            models.Index(fields=["claimed_until"], name="%(class)s_claimed", condition=Q(claimed_until__isnull=False)),
        )

    @classmethod
    def claim_ends(cls, now: datetime | None = None) -> datetime:
        """When a claim made now runs out."""
        return (now or timezone.now()) + timedelta(seconds=settings.CLAIM_SECONDS)

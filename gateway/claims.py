"""Who holds which events, and whether that process still lives. Wall time.

A claim is committed before the work, so that a process that dies leaves a trace: whatever is held has attempts > 0.
"""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from gateway.models import Event

State = Event.State
BATCH = 200  # events that start a claim; those that wait for the same objects come along
LONGEST_CLAIM = 1000
CRASHES = 5  # claims that ended in no answer: the process died, or the work raised
CRASHED = f"Given up: its process ended in each of {CRASHES} attempts."
FREE: dict[str, Any] = {"claimed_by": "", "claimed_until": None, "next_try_at": None}
CLAIM_LOCK = 0x696E626F78  # PostgreSQL's advisory lock under which claims are made, one at a time
NAMESPACE = Path("/proc/self/ns/pid")


def _here() -> str:
    """This host and its pid namespace: within it, a pid names one process."""
    return f"{os.uname().nodename}:{NAMESPACE.readlink().name if NAMESPACE.exists() else '-'}"


def holder() -> str:
    """The name under which this process claims: `host:pid-namespace:pid`."""
    return f"{_here()}:{os.getpid()}"


def until(now: datetime | None = None) -> datetime:
    """When a claim made now runs out."""
    return (now or timezone.now()) + timedelta(seconds=settings.CLAIM_SECONDS)


def is_dead(name: str) -> bool:
    """Whether the holder was a process of this host that has ended; of another host nobody here can tell: False."""
    here, _, pid = name.rpartition(":")
    return here == _here() and not _runs(pid)


def _runs(pid: str) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")  # ended, and not yet collected by its parent


def due(now: datetime) -> QuerySet[Event]:
    """What nobody holds and is due. Whatever is held has attempts > 0, and so has what crashed or raised."""
    unheld = Q(claimed_until=None) | Q(claimed_until__lte=now)
    return Event.objects.filter(unheld, Q(next_try_at=None) | Q(next_try_at__lte=now), state=State.WAITING)


def _one_at_a_time() -> None:
    """Let one process claim at a time, so that no two take events of the same object. SQLite's writers always do."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])


def _tried() -> QuerySet[Event]:
    """What is held, crashed or raised: its objects are nobody's to take along with others."""
    return Event.objects.filter(state=State.WAITING, attempts__gt=0).exclude(object_key="")


def claim_fresh() -> list[Event]:
    """Claim the oldest events, with all that wait for the same objects; none of objects that are held or in trouble."""
    with transaction.atomic():
        _one_at_a_time()
        fresh = due(timezone.now()).filter(attempts=0).exclude(object_key__in=_tried().values("object_key"))
        found = dict(fresh.order_by("received_at").values_list("pk", "object_key")[:BATCH])
        siblings = Q(object_key__in=set(found.values()) - {""})
        return _take(Q(pk__in=found) | siblings, attempts=F("attempts") + 1) if found else []


def claim_alone() -> list[Event]:
    """Claim the events of one object in trouble that were tried least; what had all its attempts is given up."""
    now = timezone.now()
    with transaction.atomic():
        _one_at_a_time()
        due(now).filter(attempts__gte=CRASHES).update(state=State.DEAD, error=CRASHED, **FREE)
        busy = _tried().filter(claimed_until__gt=now)
        troubled = Q(attempts__gt=0) | Q(object_key__in=_tried().values("object_key"))
        free = due(now).filter(troubled).exclude(object_key__in=busy.values("object_key"))
        first = free.order_by("attempts", "received_at").only("object_key", "attempts").first()
        if first is None:
            return []
        siblings = Q(object_key=first.object_key, attempts__lte=first.attempts) if first.object_key else Q(pk=first.pk)
        return _take(siblings, attempts=Greatest(F("attempts"), 1))


def _take(wanted: Q, **counted: Any) -> list[Event]:
    """Claim what waits of the wanted events; those that a transaction under way has locked are left out."""
    locked = Event.objects.filter(wanted, state=State.WAITING).select_for_update(skip_locked=True)
    events = list(locked.order_by("created", "id")[:LONGEST_CLAIM])
    ours = Event.objects.filter(pk__in=[event.pk for event in events])
    ours.update(claimed_by=holder(), claimed_until=until(), **counted)
    return events


def held(events: Sequence[Event]) -> QuerySet[Event]:
    """Those that are still to be done, by us."""
    pks = [event.pk for event in events]
    return Event.objects.filter(pk__in=pks, state=State.WAITING, claimed_by=holder())


def renew(events: Sequence[Event]) -> None:
    """Hold them for another CLAIM_SECONDS: a call to Stripe follows."""
    held(events).update(claimed_until=until())


def release(events: Sequence[Event]) -> None:
    """Give back untouched events."""
    held(events).update(attempts=Greatest(F("attempts") - 1, 0), **FREE)

"""Applying claimed events to the mirror, and what becomes of those that cannot be applied.

Whether an event is still to be done is asked again, under lock, in the transaction that marks it done: so each is
witnessed once, however many processes believe that it is theirs.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from gateway import back_off, intake, mirror, order
from gateway.claims import CRASHES
from gateway.errors import Refused, Unreachable
from gateway.models import Event

logger = logging.getLogger(__name__)
State = Event.State
FAILURES = 12  # times that Stripe could not be reached: about two hours
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 3600.0  # seconds between two tries
BY_KIND = attrgetter("kind")

listeners: list[Callable[[list[Event]], None]] = []


@dataclass(frozen=True)
class Group:
    """The events of one object, by `created`; `kind` is empty for what no mirror follows."""

    kind: str
    row_id: str
    account: str | None
    events: list[Event]

    @property
    def model(self) -> type[mirror.Mirror]:
        """The mirror that follows the kind."""
        return mirror.REGISTRY[self.kind]


def _grouped(events: Sequence[Event]) -> list[Group]:
    groups: dict[tuple[str, str], list[Event]] = {}
    for event in sorted(events, key=lambda event: (event.created, event.pk)):
        groups.setdefault((event.object_key, event.account), []).append(event)
    found = []
    for (key, account), members in groups.items():
        kind, _, row_id = key.partition(":")
        found.append(Group(kind, row_id, account or None, members))
    return found


def apply_alone(events: Sequence[Event], end: float) -> int:
    """One after the other, each counted before it is touched: of an object's events only the poisonous one runs out."""
    settled = 0
    for event in sorted(events, key=lambda event: (event.attempts, event.created, event.pk)):
        if time.monotonic() >= end:
            Event.objects.held_of([event]).release()
        elif Event.objects.held_of([event]).update(attempts=F("attempts") + 1, claimed_until=Event.claim_ends()):
            event.attempts += 1
            settled += apply([event], end)
    return settled


def apply(events: Sequence[Event], end: float) -> int:
    """Apply claimed events; what is not begun by `end` (monotonic seconds) is given back. How many were settled."""
    for event in events:
        if not event.account:
            event.object_key = ""  # what an older release stored may name a row
    return _settle(_grouped(_of_ours(events, end)), end)


def _of_ours(events: Sequence[Event], end: float) -> list[Event]:
    """The events whose account we have, or have now read; the rest is quarantined or put off."""
    named = {event.account for event in events if event.account and event.object_key}
    if not named:
        return list(events)
    known = set(mirror.account_model().objects.filter(pk__in=named).values_list("pk", flat=True))
    ready = [event for event in events if not (event.object_key and event.account) or event.account in known]
    for account in sorted(named - known):
        theirs = [event for event in events if event.account == account and event.object_key]
        ready += _read_missing(account, theirs, end)
    return ready


def _read_missing(account: str, events: Sequence[Event], end: float) -> Sequence[Event]:
    """Read an account that the mirror lacks with the platform's key; its events if it is ours, else none."""
    if time.monotonic() >= end:
        Event.objects.held_of(events).release()
        return []
    Event.objects.held_of(events).renew()
    try:
        mirror.read_account(account)
    except Unreachable as error:
        _note_unreachable(events, error)
    except Refused as error:
        if mirror.means_gone(error):
            reason = f"Not an account of ours: {error.message}"
            Event.objects.held_of(events).settle(state=State.QUARANTINED, error=reason)
        else:
            _note_exception(events, error)
    else:
        return events
    return []


def _settle(groups: Sequence[Group], end: float) -> int:
    """Absorb the groups together. When that raises, each group by itself; when that raises, each of its events."""
    if not groups:
        return 0
    try:
        done, late = _absorb(groups)
    except (OperationalError, InterfaceError):
        raise  # the database is away or overtaxed: nobody's fault, and nothing that can be noted now
    except Exception as error:  # noqa: BLE001  (an event may break whatever reads it; its neighbours must not suffer)
        return _divide(groups, error, end)
    _call_listeners(done)
    return len(done) + sum(_fetch(group, end) for group in late)


def _divide(groups: Sequence[Group], error: Exception, end: float) -> int:
    if len(groups) > 1:
        return sum(_settle([group], end) for group in groups)
    (group,) = groups
    if len(group.events) > 1:
        return sum(_settle([replace(group, events=[event])], end) for event in group.events)
    _note_exception(group.events, error)
    return 0


def _absorb(groups: Sequence[Group]) -> tuple[list[Event], list[Group]]:
    """One transaction: rows locked, compared, written; events witnessed and done. Those, and the groups to fetch."""
    late: list[Group] = []
    done: list[Event] = []
    with transaction.atomic():
        ours = _lock([event for group in groups for event in group.events])
        mine = [replace(group, events=[event for event in group.events if event.pk in ours]) for group in groups]
        left = sorted((group for group in mine if group.events), key=BY_KIND)
        for kind, same in groupby(left, BY_KIND):  # always in the same order, so that no two processes block each other
            found = list(same)
            undecided = _fold(found) if kind else []
            late += undecided
            asked = {group.row_id for group in undecided}
            done += [event for group in found if group.row_id not in asked for event in group.events]
        _witness(done)
    return done, late


def _fold(groups: Sequence[Group]) -> list[Group]:
    """Write the rows of one kind that the events themselves decide; return the groups to ask Stripe about."""
    model = groups[0].model
    rows = mirror.locked(model, {group.row_id: group.account for group in groups})
    decided, late = [], []
    for group in groups:
        row = rows[group.row_id]
        snapshots = [intake.snapshot_of(event) for event in group.events]
        _note_replaced(group.events, snapshots, row.data, row.as_of)
        decision = order.after_events(row.standing(), snapshots)
        if isinstance(decision, order.Fetch):
            late.append(group)
        else:
            decided.append((row, decision))
    mirror.apply_all(model, decided)
    return late


def _note_replaced(
    events: Sequence[Event], snapshots: Sequence[order.Snapshot], data: dict[str, Any] | None, after: int
) -> None:
    """Note with each event of a group what it replaced: the row's data, then what the event before it showed.

    None where that is not known: for an event that is not `after` the second of the data, and for one that follows an
    event without the whole object.
    """
    for event, snapshot in zip(events, snapshots, strict=True):
        event.replaced = data if event.created > after else None
        if event.created > after:
            data = snapshot.data if snapshot.whole else None


def _lock(events: Sequence[Event]) -> set[str]:
    """The ids of those that are still to be done by us, locked."""
    return set(Event.objects.held_of(events).order_by("pk").select_for_update().values_list("pk", flat=True))


def _witness(events: Sequence[Event]) -> None:
    """Write history, of each object by `created`, and mark the events done: in the transaction that locked them."""
    kinds: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda event: (event.created, event.pk)):
        kinds.setdefault(event.object_key.partition(":")[0], []).append(event)
    outcomes: dict[tuple[str, str], list[str]] = {}
    for kind, same in kinds.items():
        model = mirror.REGISTRY.get(kind)
        for event in same:
            event.state, event.error = (State.DONE, "") if model else (State.IGNORED, intake.why_ignored(event))
            outcomes.setdefault((event.state, event.error), []).append(event.pk)
        if model:
            model.witness_all(same)
    for (state, error), pks in sorted(outcomes.items()):
        Event.objects.filter(pk__in=pks).settle(state=state, done_at=timezone.now(), error=error)


def _fetch(group: Group, end: float) -> int:
    """Fetch the object once for all events of the group."""
    if time.monotonic() >= end:
        Event.objects.held_of(group.events).release()
        return 0
    Event.objects.held_of(group.events).renew()
    snapshots = [intake.snapshot_of(event) for event in group.events]
    done: list[Event] = []

    def finish(row: mirror.Mirror, old: dict[str, Any] | None) -> None:
        ours = _lock(group.events)
        done[:] = [event for event in group.events if event.pk in ours]
        newest = snapshots[-1].whole and snapshots[-1].data == row.data  # even within the second of what it replaced
        _note_replaced(group.events, snapshots, old, (row.as_of_before or row.as_of) - newest)
        _witness(done)
        # Where Stripe's answer shows what neither the row nor its events showed, history says so.
        shown = [snapshot.data for snapshot in snapshots if snapshot.whole]
        if row.data is not None and row.data not in (old, *shown):
            group.model.witness_difference(shown[-1] if shown else old, row.data, row=row)

    try:
        mirror.fetch_row(group.model, group.row_id, group.account, settles=order.newest(snapshots), then=finish)
    except Unreachable as error:
        _note_unreachable(group.events, error)
        return 0
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  (as in _settle)
        return _divide([group], error, end)
    _call_listeners(done)
    return len(done)


def _call_listeners(events: list[Event]) -> None:
    for callback in listeners if events else ():
        try:
            callback(events)
        except Exception:  # the events are done; whoever listens has a sweep of their own
            logger.exception("a listener to settled events failed")


# What went wrong


def _note_exception(events: Sequence[Event], error: Exception) -> None:
    """Note that the events' work raised; the fifth time they are dead."""
    reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:500]
    logger.warning("event %s: %s", ", ".join(event.pk for event in events), type(error).__name__)
    _put_off(events, reason, last=Q(attempts__gte=CRASHES))


def _note_unreachable(events: Sequence[Event], error: Unreachable) -> None:
    """Note that Stripe could not be reached; the twelfth time the events are dead. The attempt does not count."""
    Event.objects.held_of(events).update(attempts=Greatest(F("attempts") - 1, 0), failures=F("failures") + 1)
    reason = f"Stripe could not be reached: {error.message}"[:500]
    _put_off(events, reason, last=Q(failures__gte=FAILURES), retry_after=error.retry_after or 0)


def _put_off(events: Sequence[Event], reason: str, *, last: Q, retry_after: float = 0) -> None:
    for event in Event.objects.held_of(events):
        tries = max(event.attempts, event.failures)
        pause = back_off.pause(tries, first=FIRST_PAUSE, longest=LONGEST_PAUSE, named=retry_after)
        due = timezone.now() + timedelta(seconds=pause)
        mine = Event.objects.filter(pk=event.pk)
        mine.filter(last).settle(state=State.DEAD, error=reason)
        mine.waiting().put_off(due, error=reason)

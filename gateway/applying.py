"""Applying claimed events to the mirror, and what becomes of those that cannot be applied.

Whether an event is still to be done is asked again, under lock, in the transaction that marks it done: so each is
witnessed once, however many processes believe that it is theirs.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from gateway import back_off, intake, mirror, nouns, order, reading, strangers
from gateway.claims import CRASHES
from gateway.errors import Refused, Unreachable, means_gone
from gateway.models import Event

logger = logging.getLogger(__name__)
State = Event.State
FAILURES = 12  # times that Stripe could not be reached: about two hours
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 3600.0  # seconds between two tries
READ_ONCE = 1  # the revision of a row that was missing and has been read, and not written since
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

    @cached_property
    def snapshots(self) -> list[order.Snapshot]:
        """What each event says about the row."""
        return [intake.snapshot_of(event) for event in self.events]


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
    ready, read = _of_ours(events, end)
    return _settle(_grouped(ready), end, read)


def _of_ours(events: Sequence[Event], end: float) -> tuple[list[Event], set[str]]:
    """The events whose account we have, or have now read, and those accounts; the rest is quarantined or put off."""
    named = {event.account for event in events if event.account and event.object_key}
    known = set(mirror.account_model().objects.filter(pk__in=named).values_list("pk", flat=True)) if named else named
    read: set[str] = set()
    followed = [event for event in events if event.object_key]
    for accounts in reading.in_rounds(sorted(named - known)):
        read |= _read_missing(accounts, followed, end)
    ours = known | read
    return [event for event in events if not (event.object_key and event.account) or event.account in ours], read


def _read_missing(accounts: Sequence[str], followed: Sequence[Event], end: float) -> set[str]:
    """Those of these accounts that are ours, and are read now. The events of the others wait, or are set aside.

    By halves where that raises, so that one account harms no other.
    """
    events = [event for event in followed if event.account in accounts]
    if time.monotonic() >= end:
        Event.objects.held_of(events).release()
        return set()
    Event.objects.held_of(events).renew()
    try:
        outcome = strangers.read_missing(accounts, end)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  (as in _settle)
        if len(accounts) == 1:
            _note_exception(events, error)
            return set()
        half = len(accounts) // 2
        return _read_missing(accounts[:half], events, end) | _read_missing(accounts[half:], events, end)
    for account, failure in outcome.items():
        if failure is not None:
            _note_unread(account, [event for event in events if event.account == account], failure)
    return {account for account, failure in outcome.items() if failure is None}


def _note_unread(account: str, events: Sequence[Event], failure: reading.Failure) -> None:
    if isinstance(failure, Refused) and means_gone(failure):
        reason = f"Not an account of ours: {failure.message}"
        Event.objects.held_of(events).settle(state=State.QUARANTINED, error=reason)
    else:
        _note_failure(events, failure)


def _settle(groups: Sequence[Group], end: float, read: Collection[str] = ()) -> int:
    """Absorb the groups together. When that raises, each group by itself; when that raises, each of its events.

    `read` names the accounts that were read after their events had been claimed.
    """
    if not groups:
        return 0
    try:
        done, late = _absorb(groups, read)
    except (OperationalError, InterfaceError):
        raise  # the database is away or overtaxed: nobody's fault, and nothing that can be noted now
    except Exception as error:  # noqa: BLE001  (an event may break whatever reads it; its neighbours must not suffer)
        return _divide(groups, error, end)
    _call_listeners(done)
    return len(done) + sum(_fetch_all(part, end) for part in reading.in_rounds(late))


def _divide(groups: Sequence[Group], error: Exception, end: float) -> int:
    if len(groups) > 1:
        return sum(_settle([group], end) for group in groups)
    (group,) = groups
    if len(group.events) > 1:
        return sum(_settle([replace(group, events=[event])], end) for event in group.events)
    _note_exception(group.events, error)
    return 0


def _absorb(groups: Sequence[Group], read: Collection[str]) -> tuple[list[Event], list[Group]]:
    """One transaction: rows locked, compared, written; events witnessed and done. Those, and the groups to fetch."""
    late: list[Group] = []
    done: list[Event] = []
    with transaction.atomic():
        ours = _lock([event for group in groups for event in group.events])
        mine = [replace(group, events=[event for event in group.events if event.pk in ours]) for group in groups]
        left = sorted((group for group in mine if group.events), key=BY_KIND)
        mirror.lock_accounts((group.model, group.row_id, group.account) for group in left if group.kind)
        for kind, same in groupby(left, BY_KIND):  # always in the same order, so that no two processes block each other
            found = list(same)
            undecided = _fold(found, read) if kind else []
            late += undecided
            asked = {group.row_id for group in undecided}
            done += [event for group in found if group.row_id not in asked for event in group.events]
        _witness(done)
        nouns.note(done)
    return done, late


def _fold(groups: Sequence[Group], read: Collection[str]) -> list[Group]:
    """Write the rows of one kind that the events themselves decide; return the groups to ask Stripe about."""
    model = groups[0].model
    rows = mirror.locked(model, {group.row_id: group.account for group in groups})
    decided, late = [], []
    for group in groups:
        row, snapshots = rows[group.row_id], group.snapshots
        _note_replaced(group.events, snapshots, row.data, row.as_of)
        decision = order.after_events(row.standing(), snapshots)
        if isinstance(decision, order.Fetch) and group.row_id in read and row.revision == READ_ONCE:
            settles = order.newest(snapshots)
            decision = order.after_fetch(row.standing(), row.revision, row.data, row.as_of, settles)
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
            followed = model or intake.is_noted(event)
            event.state, event.error = (State.DONE, "") if followed else (State.IGNORED, intake.why_ignored(event))
            outcomes.setdefault((event.state, event.error), []).append(event.pk)
        if model:
            model.witness_all(same)
    for (state, error), pks in sorted(outcomes.items()):
        Event.objects.filter(pk__in=pks).settle(state=state, done_at=timezone.now(), error=error)


def _fetch_all(groups: Sequence[Group], end: float) -> int:
    """Read the objects of the groups, each once for all its events, and write those of a kind together."""
    events = [event for group in groups for event in group.events]
    if time.monotonic() >= end:
        Event.objects.held_of(events).release()
        return 0
    Event.objects.held_of(events).renew()
    if len(groups) == 1:
        return _fetch(groups[0], end)
    settled = 0
    for _, same in groupby(sorted(groups, key=BY_KIND), BY_KIND):
        settled += _fetch_kind({group.row_id: group for group in same}, end)
    return settled


def _fetch_kind(groups: dict[str, Group], end: float) -> int:
    """The same for {row id: group} of one kind; what was written meanwhile, or raises, is read again by itself."""
    model = next(iter(groups.values())).model
    read, done = [], []
    try:
        answers = reading.read_all(model, {row_id: group.account for row_id, group in groups.items()}, end)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001  (as in _settle)
        return sum(_fetch(group, end) for group in groups.values())
    for group, answer in zip(groups.values(), answers, strict=True):
        if isinstance(answer, reading.Read):
            read.append(replace(answer, settles=order.newest(group.snapshots)))
        else:
            _note_failure(group.events, answer)

    def finish(rows: list[tuple[mirror.Mirror, Any]]) -> None:
        done.extend(_finish([(groups[row.pk], row, old) for row, old in rows]))

    try:
        again = reading.write(model, read, finish) if read else []
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001  (as in _settle)
        done.clear()
        again = read
    _call_listeners(done)
    return len(done) + sum(_fetch(groups[each.row_id], end) for each in again)


def _fetch(group: Group, end: float) -> int:
    """Read one object until it is what no process has written meanwhile."""
    done: list[Event] = []

    def finish(row: mirror.Mirror, old: dict[str, Any] | None) -> None:
        done.extend(_finish([(group, row, old)]))

    try:
        mirror.fetch_row(group.model, group.row_id, group.account, settles=order.newest(group.snapshots), then=finish)
    except Unreachable as error:
        _note_unreachable(group.events, error)
        return 0
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  (as in _settle)
        return _divide([group], error, end)
    _call_listeners(done)
    return len(done)


def _finish(found: Sequence[tuple[Group, mirror.Mirror, dict[str, Any] | None]]) -> list[Event]:
    """Witness the events of rows that were read, in the transaction that writes them: (group, row, data before)."""
    ours = _lock([event for group, _, _ in found for event in group.events])
    for group, row, old in found:
        last = group.snapshots[-1]
        newest = last.whole and last.data == row.data  # even within the second of what it replaced
        _note_replaced(group.events, group.snapshots, old, (row.as_of_before or row.as_of) - newest)
    done = [event for group, _, _ in found for event in group.events if event.pk in ours]
    _witness(done)
    for group, row, old in found:
        # Where Stripe's answer shows what neither the row nor its events showed, history says so.
        shown = [snapshot.data for snapshot in group.snapshots if snapshot.whole]
        if row.data is not None and row.data not in (old, *shown):
            group.model.witness_difference(shown[-1] if shown else old, row.data, row=row)
    nouns.note(done)
    return done


def _call_listeners(events: list[Event]) -> None:
    for callback in listeners if events else ():
        try:
            callback(events)
        except Exception:  # the events are done; whoever listens has a sweep of their own
            logger.exception("a listener to settled events failed")


# What went wrong


def _note_failure(events: Sequence[Event], failure: reading.Failure) -> None:
    """Note why the events' object could not be read; what was not asked for is given back untouched."""
    if isinstance(failure, Unreachable):
        _note_unreachable(events, failure)
    elif isinstance(failure, Refused):
        _note_exception(events, failure)
    else:
        Event.objects.held_of(events).release()


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

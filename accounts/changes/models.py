"""Writing history: of events together, and of readings without what an event has told already."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db.models import F

from accounts.history.models import (
    FIRST_READ,
    LONGEST_IMPORT,
    ObjectChange,
    Requirement,
    Source,
    StateChange,
    state_change,
)
from gateway import clock, inserting
from gateway.models import Event

_together: ContextVar[list[ObjectChange] | None] = ContextVar("together", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Within, what events report is gathered, and written at the end: at most six statements for all of it."""
    gathered: list[ObjectChange] = []
    token = _together.set(gathered)
    try:
        yield
    finally:
        _together.reset(token)
    _write_reported(gathered)


def record(change: ObjectChange) -> None:
    """Write its history, once; at most six statements, none where nothing changed."""
    if change.source == Source.SYNC:
        record_found([change])
        return
    gathered = _together.get()
    _write_reported([change]) if gathered is None else gathered.append(change)


def _write_reported(changes: Sequence[ObjectChange]) -> None:
    """Write what events report, in the place of what readings found of the same."""
    reported = [(change, change.rows()) for change in changes]
    for model in (Requirement, StateChange):
        if told := [(change, rows[model]) for change, rows in reported if rows[model]]:
            _delete_found(model, told)
            model.objects.bulk_create((row for _, rows in told for row in rows), ignore_conflicts=True)


def record_found(changes: Iterable[ObjectChange]) -> None:
    """Write what readings found of many objects, once; at most six statements, none where nothing changed."""
    found = [(change, change.rows()) for change in _without_first_imports(list(changes))]
    for model in (Requirement, StateChange):
        if told := [(change, rows[model]) for change, rows in found if rows[model]]:
            inserting.add(model, _without_known(model, told))


def record_connection(event: Event, account_id: str) -> None:
    """Write that an account connected to this platform, or left it. The object in such an event is the application."""
    at, left = clock.from_unix(event.created) or clock.now(), event.type.endswith(".deauthorized")
    change = ObjectChange(account_id, None, {"id": account_id}, at, Source.EVENT, event.id)
    row = state_change(change, "account", "object", None, "left" if left else "connected")
    if left:  # a reading can only have found it gone
        _delete_found(StateChange, [(change, [state_change(change, "account", "object", None, "deleted")])])
    StateChange.objects.bulk_create([row], ignore_conflicts=True)


def _without_first_imports(changes: list[ObjectChange]) -> list[ObjectChange]:
    """Without what was there when its account was first read. For accounts themselves, write that row."""
    accounts = [change for change in changes if change.old is None and change.new.get("object") == "account"]
    firsts = [state_change(change, "account", FIRST_READ, None, change.new.get("created")) for change in accounts]
    inserting.add(StateChange, firsts)
    left = [change for change in changes if change.old is not None or change.new.get("object") != "account"]
    new = {change.account_id for change in left if change.old is None}
    read = StateChange.objects.filter(account__in=new, subject=F("account_id"), field=FIRST_READ)
    first_at = dict(read.order_by("at").values_list("account_id", "at")) if new else {}
    return [change for change in left if not _was_there(change, first_at.get(change.account_id))]


def _was_there(change: ObjectChange, first_at: datetime | None) -> bool:
    """Whether a new object was there when its account was first read."""
    if change.old is not None or first_at is None:
        return False
    return change.began_at <= first_at if change.began_at else change.at <= first_at + LONGEST_IMPORT


# Two rows with equal values in these fields report the same change; the last field is what it ended as.
_SAME = {Requirement: ("scope", "key", "list", "code", "became"), StateChange: ("subject", "field", "after")}


def _identity(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _SAME[type(row)])


Told = Sequence[tuple[ObjectChange, list[Any]]]  # changes, and the rows that tell of each


def _object_of(row: Any) -> tuple[str, str]:
    """Which object a row is about."""
    return row.account_id, row.scope if isinstance(row, Requirement) else row.subject


def _known_of(model: Any, told: Told, source: str) -> dict[tuple[str, str], list[Any]]:
    """What one source has told of the same objects, by object, oldest first. One query."""
    objects = {_object_of(row) for _, rows in told for row in rows}
    own = "scope__in" if model is Requirement else "subject__in"
    named = {"account__in": {account for account, _ in objects}, own: {name for _, name in objects}}
    known: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in model.objects.filter(source=source, **named).order_by("at", "id"):
        known[_object_of(row)].append(row)
    return known


def _delete_found(model: Any, told: Told) -> None:
    """Delete what readings found of the changes that events now report: an event knows when it was."""
    found = _known_of(model, told, Source.SYNC)
    superseded = {
        row.pk
        for change, rows in told
        for row in found[_object_of(rows[0])]
        if _may_be_of(row, change.at) and _identity(row) in {_identity(each) for each in rows}
    }
    if superseded:
        model.objects.filter(pk__in=superseded).delete()


def _may_be_of(row: Any, at: datetime) -> bool:
    """Whether what a reading found can have happened then."""
    return (row.since is None or row.since <= at) and (row.read_at or row.at) >= at


def _without_known(model: Any, told: Told) -> list[Any]:
    """What readings found, without what the last event about the same thing has reported already. One query."""
    reported, new = _known_of(model, told, Source.EVENT), []
    for change, rows in told:
        within = [row for row in reported[_object_of(rows[0])] if (change.since or row.at) <= row.at <= change.at]
        last = {_identity(row)[:-1]: _identity(row) for row in within}
        new += [row for row in rows if last.get(_identity(row)[:-1]) != _identity(row)]
    return new

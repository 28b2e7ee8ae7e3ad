"""What seals the pages that a work session opened: its end writes their count and digest into the audit trail.

The digest covers id, moment, kind and path of each access entry in order; whose they are must be the session's own
person and account. A short session's seal also has a mark of each entry, so that the very one is named that is missing,
was changed or was added.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import transaction

from console.record.models import AuditEntry
from console.viewing.models import AccessEntry, WorkSession

SEALED = "session.ended"
MARKED = 200  # entries of a session that get a mark of their own: it keeps the trail's rows small
CHUNK = 2000  # rows in memory at once
ENTRY = ("pk", "at", "kind", "path")
Row = tuple[int, datetime, str, str]


@dataclass(frozen=True)
class Seal:
    """What the trail's row `number` says of one session."""

    number: int
    accesses: Any  # as it stands there: what is no count matches no count
    sha256: Any


def of_rows(rows: Iterable[Row]) -> dict[str, Any]:
    """Count and SHA-256 of entries in order of their id, and the marks of few ones. Costs no memory."""
    digest, count, marks = hashlib.sha256(), 0, dict[str, str]()
    for count, row in enumerate(rows, 1):
        line = _line(*row)
        digest.update(line)
        if count <= MARKED:
            marks[str(row[0])] = hashlib.sha256(line).hexdigest()[:8]
    return {"accesses": count, "sha256": digest.hexdigest(), **({"marks": marks} if 0 < count <= MARKED else {})}


def _line(pk: int, at: datetime, kind: str, path: str) -> bytes:
    return f"{pk} {at.isoformat(timespec='microseconds')} {kind} {path}\n".encode()


def recorded() -> dict[int, Seal]:
    """The seals of all sessions that have one, by the session's id. One query; about 200 bytes a session."""
    found: dict[int, Seal] = {}
    rows = AuditEntry.objects.filter(action=SEALED).order_by("number").values_list("number", "subject", "plain_detail")
    with transaction.atomic():  # PostgreSQL's streaming cursor lives in one
        for number, subject, detail in rows.iterator(chunk_size=CHUNK):
            if subject.isdecimal() and isinstance(detail, dict):
                found.setdefault(int(subject), Seal(number, detail.get("accesses"), detail.get("sha256")))
    return found


def problems(seals: dict[int, Seal]) -> Iterator[str]:
    """What does not match, a sentence each: sessions first, then entries. Two streams; memory for sessions alone."""
    sessions: dict[int, tuple[int, str]] = {}
    with transaction.atomic():
        rows = WorkSession.objects.order_by("pk").values_list("pk", "user_id", "account_id", "ended_at")
        for pk, user_id, account_id, ended_at in rows.iterator(chunk_size=CHUNK):
            sessions[pk] = (user_id, account_id)
            yield from _session(pk, account_id, ended_at, sealed=pk in seals)
    for pk in sorted(seals.keys() - sessions.keys()):
        yield f"work session {pk} is missing; row {seals[pk].number} of the trail sealed it"
    yield from _entries(seals, sessions)


def _session(pk: int, account_id: str, ended_at: datetime | None, *, sealed: bool) -> Iterator[str]:
    """A session that ended has a seal, an open one has none. One that ends just now may have got it meanwhile."""
    if ended_at is None and sealed:
        yield f"work session {pk} ({account_id}) is open although its end was sealed"
    if ended_at and not sealed and not AuditEntry.objects.filter(action=SEALED, subject=str(pk)).exists():
        yield f"work session {pk} ({account_id}) ended at {ended_at:%Y-%m-%d %H:%M:%S} UTC without a seal"


def _entries(seals: dict[int, Seal], sessions: dict[int, tuple[int, str]]) -> Iterator[str]:
    """Each sealed session's entries against its seal, in one stream over all entries."""
    left = set(seals)
    rows = AccessEntry.objects.order_by("work_session_id", "pk").values_list(
        "work_session_id", *ENTRY, "user_id", "account_id"
    )
    with transaction.atomic():
        for pk, group in groupby(rows.iterator(chunk_size=CHUNK), key=itemgetter(0)):
            if pk in left:
                left.discard(pk)
                yield from _group(pk, seals[pk], group, sessions.get(pk))
    for pk in sorted(left):
        yield from _compared(pk, seals[pk], of_rows(()))


def _group(pk: int, seal: Seal, group: Iterable[Any], owner: tuple[int, str] | None) -> Iterator[str]:
    strangers: list[int] = []

    def entries() -> Iterator[Row]:
        for _, entry_id, at, kind, path, *whose in group:
            if tuple(whose) != owner and len(strangers) < MARKED:
                strangers.append(entry_id)
            yield entry_id, at, kind, path

    yield from _compared(pk, seal, of_rows(entries()))
    if strangers and owner:
        yield f"work session {pk}: another person or account than its own: access entry {_named(strangers)}"


def _compared(pk: int, seal: Seal, found: dict[str, Any]) -> Iterator[str]:
    """What is not as it was sealed: the entries themselves where they have marks, else how many."""
    if (found["accesses"], found["sha256"]) == (seal.accesses, seal.sha256):
        return
    row = AuditEntry.objects.filter(number=seal.number).first()
    sealed, own = (row.plain_detail.get("marks") or {}) if row else {}, found.get("marks") or {}
    both = sealed.keys() & own.keys()
    differences = {
        "missing": sealed.keys() - own.keys(),
        "changed": {entry for entry in both if sealed[entry] != own[entry]},
        "added after the seal": own.keys() - sealed.keys(),
    }
    exact = len(sealed) == seal.accesses and len(own) == found["accesses"]
    named = [f"{what}: access entry {_named(ids)}" for what, ids in differences.items() if ids] if exact else []
    count = f"{found['accesses']} access entries, sealed were {seal.accesses}"
    yield f"work session {pk}: {'; '.join(named) or 'access entries are missing, changed or added'} ({count})"


def _named(ids: Iterable[str | int]) -> str:
    every = sorted(map(int, ids))
    return ", ".join(map(str, every[:10])) + (f" and {len(every) - 10} more" if len(every) > 10 else "")

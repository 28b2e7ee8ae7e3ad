"""The audit trail: a chain of rows in which a missing, altered or moved one shows."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from console.operations.models import Operation
from console.people.models import User
from console.record.models import AuditEntry

# One number for the whole trail: PostgreSQL's lock that two writers of the chain's end cannot hold together.
CHAIN_LOCK = 0x61756469745F31
START = "0" * 64
Noted = Mapping[int, Mapping[str, datetime]]
NOTHING_NOTED: Noted = {}
COLUMNS = (
    *("number", "at", "action", "user_id", "user_name", "account_id", "account_name", "subject", "operation_id"),
    *("reason", "ticket", "detail"),
)


class NoTransaction(RuntimeError):  # noqa: N818  (it says what is missing)
    """A record outside of a transaction would not stand or fall with the change it tells of."""


def record(
    action: str,
    *,
    user: User | None = None,
    account_id: str = "",
    account_name: str = "",
    subject: str = "",
    operation: Operation | None = None,
    reason: str = "",
    ticket: str = "",
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add a row to the chain, in the transaction of the change it tells of (else NoTransaction). Two queries.

    Writers wait for each other until commit, so record is the last thing in a short transaction. `detail` holds
    plain JSON, never a secret or a sensitive value; fractions become text, so that every database gives back the same.
    """
    if not connection.in_atomic_block:
        raise NoTransaction(action)
    if connection.vendor == "postgresql":  # SQLite's IMMEDIATE transactions let one write at a time already
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = AuditEntry.objects.order_by("-number").values_list("number", "digest").first()
    entry = AuditEntry(
        number=last[0] + 1 if last else 1,
        at=timezone.now(),
        action=action,
        user=user,
        user_name=user.get_username() if user else "",
        account_id=account_id,
        account_name=account_name[:255],
        subject=subject,
        operation=operation,
        reason=reason,
        ticket=ticket,
        detail=json.loads(json.dumps(detail or {}, cls=DjangoJSONEncoder), parse_float=str),
        previous_digest=last[1] if last else START,
    )
    entry.digest = digest(entry.previous_digest, tuple(getattr(entry, name) for name in COLUMNS))
    entry.save(force_insert=True)
    return entry


def digest(previous: str, values: tuple[Any, ...]) -> str:
    """SHA-256 over the previous row's digest and this row's values (in the order of COLUMNS) as canonical JSON."""
    number, at, *words, detail = values
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    words = [str(word) if word is not None and not isinstance(word, int) else word for word in words]
    text = json.dumps([number, when, *words, detail], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous.encode() + text.encode("utf-8", "surrogatepass")).hexdigest()


def sound(row: AuditEntry) -> bool:
    """Whether a row is as it was written and follows the one before it. One query; the whole chain is `verify`'s."""
    before = AuditEntry.objects.filter(number=row.number - 1).values_list("digest", flat=True).first()
    values = tuple(getattr(row, name) for name in COLUMNS)
    expected = before if row.number > 1 else START
    return not _problem(row.number, values, expected or "", row.previous_digest, row.digest)


@dataclass(frozen=True)
class Verdict:
    """What a walk along the chain found. `problem` is empty when it is whole; else `number` is the first broken row."""

    rows: int
    number: int
    digest: str
    at: datetime | None = None
    problem: str = ""


def verify(expect: str = "", noted: Noted = NOTHING_NOTED) -> Verdict:
    """Walk the whole chain, streaming. With `expect`, a digest told by an earlier walk must still be in it.

    A cut-off end leaves a shorter whole chain, as a chain made anew is whole: only digests kept elsewhere show it.
    `noted` are such heads (console.record.heads): {number: {digest: when it was noted}}.
    """
    previous, count, at, met = START, 0, None, not expect
    with transaction.atomic():  # PostgreSQL's streaming cursor lives in one
        for count, (values, row_previous, row_digest) in enumerate(_rows(), 1):
            problem = _problem(count, values, previous, row_previous, row_digest) or _not_the_noted_one(
                count, row_digest, noted.get(count)
            )
            if problem:
                return Verdict(count - 1, count, row_digest, values[1], problem)
            previous, at = row_digest, values[1]
            met = met or row_digest == expect
    lost = min((number for number in noted if number > count), default=0)
    if lost:
        when = _moment(min(noted[lost].values()))
        return Verdict(count, lost, previous, at, f"row {lost}, noted at {when}, is missing: {_end(count)}")
    missing = (
        "" if met else f"the row with digest {expect} is not in the chain: its end was cut off or all was written anew"
    )
    return Verdict(count, count, previous, at, missing)


def _not_the_noted_one(number: int, digest: str, noted: Mapping[str, datetime] | None) -> str:
    """That this is not the row whose digest was noted as the trail's head, or ""."""
    others = [at for each, at in (noted or {}).items() if each != digest]
    return f"row {number} is not the one that was noted at {_moment(min(others))}" if others else ""


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _end(count: int) -> str:
    return f"the trail now ends at row {count}" if count else "the trail is empty"


def _rows() -> Iterator[tuple[tuple[Any, ...], str, str]]:
    rows = AuditEntry.objects.order_by("number").values_list(*COLUMNS, "previous_digest", "digest")
    for row in rows.iterator(chunk_size=5000):
        yield row[:-2], row[-2], row[-1]


def _problem(expected: int, values: tuple[Any, ...], previous: str, row_previous: str, row_digest: str) -> str:
    if values[0] != expected:
        return f"row {expected} is missing"
    if row_previous != previous:
        return f"row {expected} does not follow row {expected - 1}: a row was moved, or the one before was replaced"
    if digest(row_previous, values) != row_digest:
        return f"row {expected} was altered"
    return ""

"""The audit trail: a chain of rows in which a missing, altered or moved one shows."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from console.operations.models import Operation
from console.people.models import User
from console.record import personal
from console.record.models import ERASED, AuditEntry, AuditPersonal, Erasure, person_subject

# One number for the whole trail: PostgreSQL's lock that two writers of the chain's end cannot hold together.
CHAIN_LOCK = 0x61756469745F31
START = "0" * 64
Noted = Mapping[int, Mapping[str, datetime]]
NOTHING_NOTED: Noted = {}
PLAIN = ("plain_user_name", "plain_account_name", "plain_reason", "plain_ticket")
COLUMNS = (
    *("number", "at", "action", "user_id", "plain_user_name", "account_id", "plain_account_name", "subject"),
    *("operation_id", "plain_reason", "plain_ticket", "plain_detail"),
)
CHAINED = ("form", "personal_digest", "previous_digest", "digest")
PART = tuple(f"personal__{name}" for name in ("entry_id", "salt", *personal.PARTS, "erased_in_id"))


class NoTransaction(RuntimeError):  # noqa: N818  (it says what is missing)
    """A record outside of a transaction would not stand or fall with the change it tells of."""


@dataclass(frozen=True)
class Said:
    """What a row of the trail will say. `subject` is an id, `about` a person of staff.

    `detail` holds plain JSON, never a secret or a sensitive value; fractions become text, so that every database gives
    back the same.
    """

    action: str
    user: User | None = None
    account_id: str = ""
    account_name: str = ""
    subject: str = ""
    about: User | None = None
    operation: Operation | None = None
    reason: str = ""
    ticket: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def record(action: str, **words: Any) -> AuditEntry:
    """Add a row to the chain, given the words of Said, in the transaction of the change that it tells of."""
    return record_all([Said(action, **words)])[0]


def record_all(said: Sequence[Said]) -> list[AuditEntry]:
    """Add these rows to the chain, in the transaction of the change they tell of (else NoTransaction).

    Writers wait for each other until commit, so this is the last thing in a short transaction. What is personal
    (console.record.personal) goes into rows beside the chain: names, reason, ticket, a subject that is no id, and of
    the detail all that is not named there as kept. Three queries for any number of rows.
    """
    if not connection.in_atomic_block:
        raise NoTransaction(", ".join({each.action for each in said}))
    return _append([_parts(each) for each in said]) if said else []


def _parts(said: Said) -> tuple[AuditEntry, AuditPersonal]:
    """The row and its personal part, before they have their place in the chain."""
    user, about, subject = said.user, said.about, said.subject
    plain = json.loads(json.dumps(dict(said.detail), cls=DjangoJSONEncoder), parse_float=str)
    kept, own = personal.split(plain)
    forgotten = user is not None and _forgotten(user)  # the worker tells of what they had begun: they are not named
    named = f"user {about.get_username()}" if about else "" if personal.AN_ID.fullmatch(subject) else subject
    entry = AuditEntry(
        action=said.action,
        user=user,
        account_id=said.account_id,
        subject=person_subject(about.pk) if about else "" if named else subject,
        operation=said.operation,
        plain_detail=kept,
        form=AuditEntry.ERASABLE,
    )
    part = AuditPersonal(
        salt=personal.new_salt(),
        user_name="" if forgotten or user is None else user.get_username(),
        account_name=said.account_name[:255],
        subject=named,
        reason="" if forgotten else said.reason,
        ticket="" if forgotten else said.ticket,
        detail=own,
    )
    return entry, part


def _forgotten(user: User) -> bool:
    """Whether the trail has been made to forget this person. No query for who may sign in."""
    acts = Erasure.objects.filter(kind=Erasure.Kind.USER, key=str(user.pk))
    return not user.is_active and acts.exists()


def _append(rows: Sequence[tuple[AuditEntry, AuditPersonal]]) -> list[AuditEntry]:
    """Store rows and their parts at the chain's end, in order; others wait from here on until commit."""
    if connection.vendor == "postgresql":  # SQLite's IMMEDIATE transactions let one write at a time already
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = AuditEntry.objects.order_by("-number").values_list("number", "digest").first()
    count, previous = last or (0, START)
    for number, (entry, part) in enumerate(rows, count + 1):
        entry.number, entry.previous_digest, entry.at = number, previous, timezone.now()
        entry.personal_digest = personal.digest(part.salt, tuple(getattr(part, name) for name in personal.PARTS))
        values = tuple(getattr(entry, name) for name in COLUMNS)
        previous = entry.digest = digest(previous, values, entry.form, entry.personal_digest)
        part.entry = entry
    entries = AuditEntry.objects.bulk_create([entry for entry, _ in rows])
    AuditPersonal.objects.bulk_create([part for _, part in rows])
    return entries


def digest(previous: str, values: tuple[Any, ...], form: int = AuditEntry.PLAIN, personal_digest: str = "") -> str:
    """SHA-256 over the previous row's digest and this row's values (in the order of COLUMNS) as canonical JSON.

    Of a row of form 2 the digest of its personal part stands between them, so that no row of one form passes for one
    of the other.
    """
    number, at, *words, detail = values
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    words = [str(word) if word is not None and not isinstance(word, int) else word for word in words]
    text = json.dumps([number, when, *words, detail], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    mark = "" if form == AuditEntry.PLAIN else f"{form} {personal_digest} "
    return hashlib.sha256(f"{previous}{mark}{text}".encode("utf-8", "surrogatepass")).hexdigest()


def sound(row: AuditEntry) -> bool:
    """Whether a row is as it was written and follows the one before it. Two queries; the whole chain is `verify`'s."""
    before = AuditEntry.objects.filter(number=row.number - 1).values_list("digest", flat=True).first()
    expected = before if row.number > 1 else START
    read = _rows(AuditEntry.objects.filter(pk=row.pk))
    return all(not each.problem(row.number, expected or "") and not Acts().problem(each) for each in read)


@dataclass(frozen=True)
class Verdict:
    """What a walk along the chain found. `problem` is empty when it is whole; else `number` is the first broken row.

    `erased` has how many personal parts each act of erasing blanked, by the number of its row.
    """

    rows: int
    number: int
    digest: str
    at: datetime | None = None
    problem: str = ""
    erased: Mapping[int, int] = field(default_factory=dict)


def verify(expect: str = "", noted: Noted = NOTHING_NOTED) -> Verdict:
    """Walk the whole chain, streaming. With `expect`, a digest told by an earlier walk must still be in it.

    A cut-off end leaves a shorter whole chain, as a chain made anew is whole: only digests kept elsewhere show it.
    `noted` are such heads (console.record.heads): {number: {digest: when it was noted}}.
    """
    previous, count, at, met, acts = START, 0, None, not expect, Acts()
    with transaction.atomic():  # PostgreSQL's streaming cursor lives in one
        for count, row in enumerate(_rows(AuditEntry.objects.order_by("number")), 1):
            problem = (
                row.problem(count, previous)
                or _not_the_noted_one(count, row.digest, noted.get(count))
                or acts.problem(row)
            )
            if problem:
                return Verdict(count - 1, count, row.digest, row.values[1], problem, acts.counted)
            previous, at = row.digest, row.values[1]
            met = met or row.digest == expect
    lost = min((number for number in noted if number > count), default=0)
    problem = "" if met else f"the row with digest {expect} is not in the chain: {CUT_OFF}"
    if lost:
        when = _moment(min(noted[lost].values()))
        problem = f"row {lost}, noted at {when}, is missing: {_end(count)}"
    return Verdict(count, lost or count, previous, at, problem, acts.counted)


CUT_OFF = "its end was cut off or all was written anew"


def _not_the_noted_one(number: int, digest: str, noted: Mapping[str, datetime] | None) -> str:
    """That this is not the row whose digest was noted as the trail's head, or ""."""
    others = [at for each, at in (noted or {}).items() if each != digest]
    return f"row {number} is not the one that was noted at {_moment(min(others))}" if others else ""


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _end(count: int) -> str:
    return f"the trail now ends at row {count}" if count else "the trail is empty"


class _Row:
    """One row as the walk reads it: its values, what the chain says of it, and its personal part."""

    __slots__ = ("digest", "erased_in", "form", "part", "part_of", "personal_digest", "previous", "salt", "values")

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.values = row[: len(COLUMNS)]
        self.form, self.personal_digest, self.previous, self.digest = row[len(COLUMNS) : -len(PART)]
        self.part_of, self.salt, *part, self.erased_in = row[-len(PART) :]
        self.part = tuple(part)

    def problem(self, expected: int, previous: str) -> str:
        """Why it is not the row of this number, whole and after the one with that digest; "" where it is."""
        if self.values[0] != expected:
            return f"row {expected} is missing"
        if self.previous != previous:
            return f"row {expected} does not follow row {expected - 1}: a row was moved, or the one before was replaced"
        if digest(previous, self.values, self.form, self.personal_digest) != self.digest:
            return f"row {expected} was altered"
        return self.problem_of_part(expected)

    def problem_of_part(self, number: int) -> str:
        """Why its personal part is not as it was written or erased; what an older row must not have."""
        if self.form == AuditEntry.PLAIN:
            return "" if self.part_of is None else f"row {number} was altered: it never had a personal part"
        if self.part_of is None:
            return f"the personal part of row {number} is missing"
        if self.erased_in is not None:
            blank = not (self.salt or any(self.part))
            return "" if blank else f"the personal part of row {number} was altered: it was erased, and is not blank"
        if personal.digest(self.salt, self.part) != self.personal_digest:
            return f"the personal part of row {number} was altered"
        return ""


class Acts:
    """The acts of erasing that rows name, read once each, and how many parts each of them blanked."""

    def __init__(self) -> None:
        self.known: dict[int, AuditEntry | None] = {}
        self.counted: Counter[int] = Counter()

    def problem(self, row: _Row) -> str:
        """Why no act of erasing can have blanked this row's part; "" where one did, and where it is there."""
        if row.erased_in is None:
            return ""
        number = row.values[0]
        if row.erased_in not in self.known:
            self.known[row.erased_in] = AuditEntry.objects.filter(number=row.erased_in, action=ERASED).first()
        self.counted[row.erased_in] += 1
        act = self.known[row.erased_in]
        if act is None or act.number <= number or not _means(act, row):
            return f"the personal part of row {number} was erased, and row {row.erased_in} tells of no such act"
        return ""


def _means(act: AuditEntry, row: _Row) -> bool:
    """Whether an act of erasing names what this row is about."""
    kind, key = act.plain_detail.get("kind"), act.plain_detail.get("key")
    values = dict(zip(COLUMNS, row.values, strict=True))
    if kind == Erasure.Kind.USER:
        return key == str(values["user_id"]) or values["subject"] == person_subject(key)
    return values["action"] != ERASED and key == values["account_id" if kind == Erasure.Kind.ACCOUNT else "subject"]


def _rows(rows: Any) -> Iterator[_Row]:
    for row in rows.values_list(*COLUMNS, *CHAINED, *PART).iterator(chunk_size=5000):
        yield _Row(row)

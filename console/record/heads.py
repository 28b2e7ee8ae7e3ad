"""Heads of the audit trail, noted outside of the database: what shows a trail that was cut off or made anew.

A whole chain proves that nothing inside it was changed, never that nothing is missing at its end. So its last number
and digest are appended to a file (settings.AUDIT_HEADS, mode 0600) at each verification and once a day by the worker;
the next verification looks for each of them in the trail. The file is a chain too: each line ends with a check over
the line before. And once a day the trail is told how long the file is, so that neither can be cut off alone. That row
is mailed as well, where AUDIT_HEAD_MAIL names an address.
"""

import fcntl
import hashlib
import logging
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from console.mail import mails
from console.mail.templates import Template
from console.mail.values import Unfit, digest, link, moment, row_number
from console.record import audit
from console.record.models import AuditEntry

logger = logging.getLogger(__name__)
HEAD_MAIL = Template(
    name="audit_head",
    version=1,
    subject="{platform} console: row {row} is the head of the audit trail",
    body="""\
The audit trail's head on {at}: row {row}, digest
{digest}

Keep this mail where nobody with the console's database can change it. `manage.py verify_audit --expect` with this
digest shows whether the trail still holds that row.

The trail: {trail}
""",
    values={"row": row_number, "digest": digest, "at": moment, "trail": link},
)
TRAIL = "admin:console_auditentry_changelist"
NOTED = "audit.head_noted"  # the trail's own row about the file
EVERY = timedelta(days=1)
# Number, digest, wall time in unix seconds, check.
LINE = re.compile(r"([0-9]{1,18}) ([0-9a-f]{64}) ([0-9]{1,11}) ([0-9a-f]{64})\n")


@dataclass(frozen=True)
class Head:
    """The trail's end as it once was: the last row's number and digest, and when it was noted (wall time)."""

    number: int
    digest: str
    at: datetime
    check: str


@dataclass
class Heads:
    """What the file holds. `problem` says why it cannot be trusted, "" where it can."""

    heads: list[Head] = field(default_factory=list)
    problem: str = ""

    @property
    def check(self) -> str:
        """Its last line's, which covers all lines before."""
        return self.heads[-1].check if self.heads else audit.START

    def by_number(self) -> dict[int, dict[str, datetime]]:
        """The digests of each number with when they were noted: one, unless the trail was made anew in between."""
        found: dict[int, dict[str, datetime]] = {}
        for head in self.heads:
            found.setdefault(head.number, {}).setdefault(head.digest, head.at)
        return found


def path() -> Path:
    """Where they are noted."""
    return Path(settings.AUDIT_HEADS or settings.VAR_DIR / "audit-heads")


def read() -> Heads:
    """All of them, as far as the file can be read; none where there is no file."""
    found = Heads()
    try:
        lines = path().read_text("utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return found
    except (OSError, UnicodeDecodeError) as error:
        found.problem = f"the file {path()} cannot be read ({type(error).__name__})"
        return found
    found.problem = "" if lines else f"the file {path()} is empty: it was cut off"
    for number, line in enumerate(lines, 1):
        _take(found, number, line)
    return found


def _take(found: Heads, number: int, line: str) -> None:
    """Add a line; one that does not follow the line before is a problem, and is still looked for in the trail."""
    words = LINE.fullmatch(line)
    follows = words is not None and words[4] == _check(found.check, *words.groups()[:3])
    if not follows and not found.problem:
        found.problem = f"line {number} of {path()} does not follow the line before: it was changed or cut off"
    if words:
        at = datetime.fromtimestamp(int(words[3]), UTC)
        found.heads.append(Head(int(words[1]), words[2], at, words[4]))


def _check(before: str, *words: str | None) -> str:
    return hashlib.sha256(" ".join((before, *map(str, words))).encode()).hexdigest()


@contextmanager
def _opened() -> Iterator[int]:
    """The file, made where there is none, for one writer at a time: each line is checked against the one before."""
    path().parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.fchmod(file, 0o600)
        yield file
    finally:
        os.close(file)


def _write(file: int, number: int, digest: str) -> None:
    words = (str(number), digest, str(int(timezone.now().timestamp())))
    os.write(file, f"{' '.join(words)} {_check(read().check, *words)}\n".encode())
    os.fsync(file)


def append(number: int, digest: str) -> None:
    """Note a head; it is on the disk when this returns. Raises OSError."""
    with _opened() as file:
        _write(file, number, digest)


def note_in_both() -> None:
    """A row in the trail that tells how long the file is, then that row in the file. Raises OSError, with neither.

    A crash between the two leaves a file that is as long as the row says.
    """
    with _opened() as file:
        known = read()
        with transaction.atomic():
            detail = {"lines": len(known.heads), "check": known.check, "file": _mark()}
            row = audit.record(NOTED, subject=_here(), detail=detail)
            if settings.AUDIT_HEAD_MAIL:
                _mail(row)
        _write(file, row.number, row.digest)


def _mail(row: AuditEntry) -> None:
    """Have it mailed as well; the file counts, so it is noted there whatever becomes of the mail."""
    values = {"row": row.number, "digest": row.digest, "at": row.at, "trail": TRAIL}
    try:
        mails.queue(HEAD_MAIL.name, settings.AUDIT_HEAD_MAIL, values, once=f"audit_head {row.number}")
    except Unfit as problem:
        logger.error("the audit trail's head is not mailed: %s", problem)


def missing(known: Heads) -> str:
    """Why the file is shorter or other than a whole trail says, "" where it is not. One query."""
    own = Q(plain_detail__file=_mark()) | Q(subject=_here())  # rows of the older form hold its name
    row = AuditEntry.objects.filter(own, action=NOTED).order_by("-number").first()
    lines = int(row.plain_detail["lines"]) if row else 0
    if row is None or (not lines and known.heads):
        return ""
    if len(known.heads) < max(lines, 1):
        held = f"holds {len(known.heads)} heads" if known.heads else "is missing"
        return f"the file {path()} {held}; row {row.number} of the trail says that it held {max(lines, 1)}"
    if known.heads[lines - 1].check != row.plain_detail["check"]:
        return f"the file {path()} is another than the one that row {row.number} of the trail tells of"
    return ""


def _here() -> str:
    """The file's name in the trail: other machines have files of their own."""
    return f"{platform.node()}:{path()}"[-255:]


def _mark() -> str:
    """What stands for that name in the chain: it may hold a person's."""
    return hashlib.sha256(_here().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def note_daily(at: datetime | None = None) -> bool:
    """Note the trail's head once a day, unless the trail is empty. Whether it was noted now.

    A file that cannot be written, or that is not what it was, is logged and left as it is: it is evidence.
    """
    known, at = read(), at or timezone.now()
    if not known.problem and known.heads and known.heads[-1].at > at - EVERY:
        return False
    problem = known.problem or missing(known)
    try:
        if not problem and AuditEntry.objects.exists():
            note_in_both()
            return True
    except OSError as error:
        problem = f"the file {path()} cannot be written ({type(error).__name__})"
    if problem:
        logger.error("audit heads: %s", problem)
    return False

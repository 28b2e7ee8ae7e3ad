"""`manage.py verify_audit`: walk the audit chain, and compare it with what was noted and sealed."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.record import audit, heads, seals
from console.record.audit import Verdict
from console.record.heads import Heads
from console.record.models import AuditEntry
from console.record.seals import Seal

SHOWN = 50  # problems; where there are more, nobody reads them
BROKEN, NOT_NOTED = 1, 2


class Command(BaseCommand):
    """Exit status 1 and what is wrong, the trail's first broken row first; 2 where its head could not be noted."""

    help = (
        "Verify every row of the audit trail, the seals of all ended work sessions, and that the heads noted at earlier"
        " verifications are still there. Then note its head in AUDIT_HEADS."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Two options."""
        parser.add_argument(
            "--expect", metavar="DIGEST", default="", help="A digest printed earlier; its row must still be there."
        )
        parser.add_argument(
            "--new-heads",
            action="store_true",
            help="Begin a new file of heads, after the old one was moved away. The trail keeps that it was begun.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was verified, a line each."""
        known, sealed = heads.read(), seals.recorded()
        verdict = audit.verify(options["expect"].strip().lower(), known.by_number())
        found = _problems(verdict, known, sealed, begin=options["new_heads"])
        first = list(islice(found, SHOWN))
        if first:
            more = sum(1 for _ in found)
            raise CommandError("\n".join([*first, *([f"And {more} more."] if more else [])]), returncode=BROKEN)
        until = f", last at {verdict.at:%Y-%m-%d %H:%M:%S} UTC" if verdict.at else ""
        self.stdout.write(f"{verdict.rows} rows, whole{until}. Digest: {verdict.digest}")
        for number, many in sorted(verdict.erased.items()):
            self.stdout.write(_erased(number, many))
        self.stdout.write(f"{len(sealed)} ended work sessions, their seals whole.")
        self._note(verdict, known, begin=options["new_heads"])

    def _note(self, verdict: Verdict, known: Heads, *, begin: bool) -> None:
        """Note the head, and say against what the trail was compared."""
        before = (
            f"Heads noted before and still in the trail: {len(known.heads)}"
            if known.heads
            else "No head was noted before"
        )
        try:
            if begin:
                heads.note_in_both()
            elif verdict.rows:
                heads.append(verdict.number, verdict.digest)
        except OSError as error:
            problem = f"The head could not be noted in {heads.path()} ({type(error).__name__}). {before}."
            raise CommandError(problem, returncode=NOT_NOTED) from None
        self.stdout.write(f"{before} ({heads.path()}).")


def _erased(number: int, many: int) -> str:
    """How many personal parts an act of erasing blanked: who, when and why, as far as that is still there."""
    act = AuditEntry.objects.get(number=number)
    who = f"person number {act.user_id}" if act.erased else act.user_name
    why = "why was erased too" if act.erased else act.reason
    return (
        f"Erased by row {number}: {many} personal part{'s' * (many != 1)}; {who}, {act.at:%Y-%m-%d %H:%M:%S} UTC: {why}"
    )


def _problems(verdict: Verdict, known: Heads, sealed: dict[int, Seal], *, begin: bool) -> Iterator[str]:
    if verdict.problem:
        yield f"Audit trail broken at row {verdict.number}: {verdict.problem}."
    yield from (f"Seals: {each}." for each in seals.problems(sealed))
    if begin and (known.heads or known.problem):
        yield f"Noted heads: {heads.path()} is there. Move it to a safe place before a new one is begun."
    elif known.problem:
        yield f"Noted heads: {known.problem}."
    elif not (verdict.problem or begin) and (short := heads.missing(known)):
        yield f"Noted heads: {short}."

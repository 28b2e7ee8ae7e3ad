"""`manage.py verify_audit`: walk the audit chain."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import audit


class Command(BaseCommand):
    """Exit status 1 and the first broken row, or the end's digest: keep it elsewhere and pass it next time."""

    help = (
        "Verify every row of the audit trail. An end that was cut off leaves a whole chain: keep the printed digest in"
        " another place and pass it with --expect."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument(
            "--expect", metavar="DIGEST", default="", help="A digest printed earlier; its row must still be there."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line."""
        verdict = audit.verify(options["expect"].strip().lower())
        if verdict.problem:
            raise CommandError(f"Audit trail broken at row {verdict.number}: {verdict.problem}.", returncode=1)
        until = f", last at {verdict.at:%Y-%m-%d %H:%M:%S} UTC" if verdict.at else ""
        self.stdout.write(f"{verdict.rows} rows, whole{until}. Digest: {verdict.digest}")

"""manage.py bulk_resume RUN [--failed]"""

from typing import Any

from django.core.management.base import CommandParser

from console.bulk import runs
from console.bulk.commands import RunCommand
from console.bulk.models import BulkRun
from console.people.models import User


class Command(RunCommand):
    """Go on with a bulk run that was stopped, or do its failed rows again."""

    help = "Go on with a stopped bulk run; with --failed, do its failed rows again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which rows."""
        super().add_arguments(parser)
        parser.add_argument("--failed", action="store_true", help="Do the failed rows again, as new operations.")

    def on_run(self, run: BulkRun, user: User, options: dict[str, Any]) -> BulkRun:
        """Resume it, or retry its failed rows."""
        if options["failed"]:
            runs.retry(run, user)
            return run
        return runs.resume(run, user)

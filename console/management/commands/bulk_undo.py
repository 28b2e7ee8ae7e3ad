"""manage.py bulk_undo RUN --reason …"""

from typing import Any

from django.core.management.base import CommandParser

from console.bulk import runs
from console.bulk.commands import RunCommand
from console.bulk.models import BulkRow, BulkRun
from console.people.models import User


class Command(RunCommand):
    """Undo a bulk run by a new one."""

    help = "Undo what a bulk run changed and nobody changed since, by a new run; says what it leaves out, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        """Why."""
        super().add_arguments(parser)
        parser.add_argument("--reason", required=True, help="Why, for the audit trail: at least 10 characters.")
        parser.add_argument("--ticket", default="", help="The case this belongs to.")

    def on_run(self, run: BulkRun, user: User, options: dict[str, Any]) -> BulkRun:
        """Begin the undoing run."""
        undoing = runs.undo(run, user, options["reason"], ticket=options["ticket"])
        for row in BulkRow.objects.filter(run=undoing, state=BulkRow.State.LEFT_OUT):
            self.stderr.write(f"{row.target} left out: {row.why}")
        return undoing

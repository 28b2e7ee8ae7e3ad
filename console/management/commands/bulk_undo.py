"""manage.py bulk_undo RUN --reason …"""

from typing import Any

from console.bulk.commands import RunCommand
from console.bulk.models import BulkRow, BulkRun
from console.bulk.undoing import undo
from console.people.models import User


class Command(RunCommand):
    """Undo a bulk run by a new one."""

    asks_reason = True
    help = "Undo what a bulk run changed and nobody changed since, by a new run; says what it leaves out, and why."

    def on_run(self, run: BulkRun, user: User, options: dict[str, Any]) -> BulkRun:
        """Begin the undoing run."""
        undoing = undo(run, user, options["reason"], ticket=options["ticket"])
        for row in BulkRow.objects.filter(run=undoing, state=BulkRow.State.LEFT_OUT):
            self.stderr.write(f"{row.target} left out: {row.why}")
        return undoing

"""manage.py bulk_stop RUN"""

from typing import Any

from console.bulk import runs
from console.bulk.commands import RunCommand
from console.bulk.models import BulkRun
from console.people.models import User


class Command(RunCommand):
    """Send nothing more of a bulk run."""

    help = "Stop a bulk run: what is under way ends, the other rows wait."

    def on_run(self, run: BulkRun, user: User, options: dict[str, Any]) -> BulkRun:
        """Stop it."""
        return runs.stop(run, user)

"""The base of commands about a bulk run: who acts, which run, and an exit status as other commands have it.

Exit status: 0 done, 1 refused, 2 bad input, 3 the run is still going on or was stopped.
"""

import uuid
from collections import Counter
from typing import Any

from django.core.management.base import CommandError, CommandParser

from console.bulk.models import BulkRun
from console.operations.admission import Denied
from console.operations.commands import BAD_INPUT, REFUSED, StaffCommand
from console.people.models import User


class RunCommand(StaffCommand):
    """A subclass does one thing to one run (`act`), or names another first argument."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and which run."""
        super().add_arguments(parser)
        parser.add_argument("run", help="The run's id.")

    def work(self, options: dict[str, Any]) -> None:
        """One line about the run; CommandError with the status where it was refused."""
        user = self.person(options)
        try:
            self.go(user, options)
        except Denied as denied:
            raise CommandError(str(denied), returncode=REFUSED) from None

    def go(self, user: User, options: dict[str, Any]) -> None:
        """Find the run, act, and tell how it stands."""
        try:
            run = BulkRun.objects.get(pk=uuid.UUID(options["run"]))
        except (ValueError, BulkRun.DoesNotExist):
            raise CommandError(f"No bulk run {options['run']}.", returncode=BAD_INPUT) from None
        self.tell(self.on_run(run, user, options))

    def on_run(self, run: BulkRun, user: User, options: dict[str, Any]) -> BulkRun:
        """Act on it; the run to tell of."""
        raise NotImplementedError

    def tell(self, run: BulkRun) -> None:
        """Id, state, and how many rows have which outcome."""
        outcomes = Counter(run.outcomes())
        said = " ".join(f"{name}={many}" for name, many in sorted(outcomes.items()))
        self.stdout.write(f"{run.pk} {run.state} {said}")

"""The base of commands about a bulk run: who acts, which run, and an exit status as other commands have it.

Exit status: 0 done, 1 refused, 2 bad input, 3 the run is still going on or was stopped.
"""

import uuid
from collections import Counter
from typing import Any

from django.core.management.base import CommandError, CommandParser

from console.bulk.models import BulkRun
from console.operations.commands import BAD_INPUT, REFUSED, Terminal, VerbCommand, personal_token
from console.operations.door import Denied
from console.people.models import User
from gateway import binding


class RunCommand(VerbCommand):
    """A subclass does one thing to one run (`act`), or names another first argument."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and which run."""
        self.add_who(parser)
        parser.add_argument("run", help="The run's id.")

    def add_who(self, parser: CommandParser) -> None:
        """As every command that acts."""
        parser.add_argument("--as", dest="as_user", metavar="USER", default="", help="Who acts (in the sandbox only).")
        parser.add_argument(
            "--token-file", default="", help="A file with your personal token, instead of CONSOLE_TOKEN."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line about the run; CommandError with the status where it was refused."""
        self.stdout, self.stderr = Terminal(self.stdout), Terminal(self.stderr)  # type: ignore[arg-type]
        binding.check_command()
        user = self.person({**options, "personal_token": personal_token(options["token_file"])})
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

"""Begin a job: long work that the worker does."""

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser

from console.jobs import jobs
from console.jobs.kinds import JobFailed
from console.jobs.models import Job
from console.operations.commands import BAD_INPUT, REFUSED, UNKNOWN, StaffCommand

LOOK_AGAIN = 0.5  # seconds between two looks at a job that is waited for


class Command(StaffCommand):
    """Prints the job's id; with --wait also how it ended. Exit status: 0 begun (or done), 1 refused or failed, 2 bad
    input, 3 not over within the time.
    """

    help = "Begin a job: long work that the worker does. Kinds and their parameters: docs/running.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which kind, with what."""
        parser.add_argument("kind", help="What to do, such as export.")
        parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="A parameter of it.")
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="Wait so long for its end.")
        super().add_arguments(parser)

    def work(self, options: dict[str, Any]) -> None:
        """Begin it."""
        user, kind = self.person(options), options["kind"]
        try:
            job = jobs.begin(kind, user=user, params=pairs(options["set"]))
        except KeyError:
            known = ", ".join(jobs.kinds()) or "none"
            raise CommandError(f"No kind of job {kind}. There are: {known}.", returncode=BAD_INPUT) from None
        except JobFailed as refused:
            raise CommandError(str(refused), returncode=REFUSED) from None
        self.stdout.write(str(job.pk))
        if options["wait"]:
            self._wait(job, options["wait"])

    def _wait(self, job: Job, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not job.ended and time.monotonic() < until:
            time.sleep(LOOK_AGAIN)
            job.refresh_from_db()
        if not job.ended:
            raise CommandError(f"It is not over yet: {job.done} done.", returncode=UNKNOWN)
        if job.state != Job.State.SUCCEEDED:
            raise CommandError(f"{job.get_state_display()}. {job.error}", returncode=REFUSED)
        self.stdout.write(" ".join([job.state, *(f"{name}={value}" for name, value in job.figures.items())]))


def pairs(given: list[str]) -> dict[str, str]:
    """NAME=VALUE, each once; CommandError (2) for anything else."""
    for each in given:
        if "=" not in each or each.startswith("="):
            raise CommandError(f"{each}: write it as NAME=VALUE.", returncode=BAD_INPUT)
    return dict(each.split("=", 1) for each in given)

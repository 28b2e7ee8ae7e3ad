"""Jobs for tests: kinds that do what a test needs, and an export that has ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from console.jobs import jobs
from console.jobs.kinds import JobFailed, Kind, Result
from console.jobs.models import Job
from console.jobs.progress import Progress
from console.people.models import User
from console.shell import nouns
from console.shell.nouns import Noun


class Count(Kind):
    """Counts up to `to`, a step each; fails or raises where it is told to."""

    label = "Count"
    permission = "console.view_job"
    seen: list[int] = []

    def run(self, job: Job, progress: Progress) -> Result:
        """On from where it was."""
        for number in range(job.kept.get("at", 0), job.params["to"]):
            if number == job.params.get("fails_at"):
                raise JobFailed("It cannot count any further.")
            if number == job.params.get("raises_at"):
                raise ValueError("a secret that no log and no row repeats")
            self.seen.append(number)
            progress.step(number + 1, job.params["to"], at=number + 1)
        return Result({"last": job.params["to"]})


@contextmanager
def counting() -> Iterator[list[int]]:
    """The kind `count` is declared; gives the numbers that were counted."""
    Count.seen = []
    declared = [*nouns.every(), Noun(jobs={"count": Count})]
    with mock.patch.object(nouns, "every", return_value=declared):
        yield Count.seen


def exported(user: User, **params: Any) -> Job:
    """An export of all cards that has succeeded."""
    wanted = {"list": "issuing.card", "format": "csv", **params}
    job = jobs.begin("export", user=user, params=wanted)
    jobs.work(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error
    return job

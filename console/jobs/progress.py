"""How a job that is being worked on tells how far it is, and hears that it is to end."""

import time
from typing import Any

from django.conf import settings

from console.jobs.models import Job
from gateway import health

BEAT_SECONDS = 1.0  # between two renewals of a claim within one step


class Stopped(Exception):  # noqa: N818  (no error: the work ends here)
    """The base of what ends a run without an end of its job."""


class Cancelled(Stopped):
    """Somebody has cancelled it."""


class Lost(Stopped):
    """Another process has it, or it has ended: nothing more may be written."""


class Paused(Stopped):
    """Its turn is over: what else waits for the worker comes first, then it goes on from its last step."""


class Progress:
    """The progress of one run under the claim that its process has."""

    def __init__(self, job: Job) -> None:
        self.job, self.until = job, time.monotonic() + settings.JOB_TURN
        self.beaten = time.monotonic()

    def step(self, done: int, total: int | None = None, **kept: Any) -> None:
        """Commit that so much is done and where to go on (`kept`). Two statements.

        Raises Lost where the claim is no more this run's, Cancelled, and Paused when the turn is over.
        """
        self._write(done=done, total=self.job.total if total is None else total, kept=kept, attempts=0)
        if time.monotonic() > self.until:
            raise Paused

    def beat(self, done: int) -> None:
        """Hold the claim within a long step; so much is written, and none of it kept. At most once a second.

        Raises Lost and Cancelled. It also tells the worker's supervisor that its pool works.
        """
        if time.monotonic() - self.beaten >= BEAT_SECONDS:
            self._write(done=done)
            health.beat(health.WORKER)

    def counted(self, total: int) -> None:
        """Note how much there is to do. Raises Lost and Cancelled."""
        self._write(total=total)

    def _write(self, **changes: Any) -> None:
        self.beaten = time.monotonic()
        own = Job.objects.filter(pk=self.job.pk).held(self.job.claimed_by)
        if not own.update(**changes, claimed_until=Job.claim_ends()):
            raise Lost
        for name, value in changes.items():
            setattr(self.job, name, value)
        if own.filter(cancel_asked_by__isnull=False).exists():
            raise Cancelled

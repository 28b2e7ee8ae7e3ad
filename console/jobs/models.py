"""Jobs: long work that somebody began, how far it is, and what came of it."""

import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import JSONField, Q, Value
from django.utils import timezone

from console.people.models import User
from gateway import claims, sweep

EVERYBODYS = "console.manage_jobs"  # the permission to see and cancel the jobs of others


def failed_key(user_id: int) -> str:
    """Where the cache keeps what failed of somebody's own."""
    return f"failed-jobs:{user_id}"


class JobQuerySet(claims.ClaimedQuerySet["Job"]):
    """Questions about jobs, by name."""

    def seen_by(self, user: User) -> Self:
        """One's own; everybody's for who may see them."""
        return self if user.has_perm(EVERYBODYS) else self.filter(user=user)

    def failed_of(self, user: User) -> Self:
        """What failed of somebody's, and was neither tried again nor dropped."""
        return self.filter(user=user, state=Job.State.FAILED)

    def in_work(self) -> Self:
        """Those that a process works on now."""
        held = self.waiting().filter(state=Job.State.RUNNING, claimed_until__gt=timezone.now())
        return held.exclude(claimed_by__in=("", sweep.QUEUED))


class Job(claims.Claimed):
    """One piece of long work. It runs with the rights that its person has at that moment.

    `done` of `total` (None: not counted yet) is its progress. `kept` is where it goes on after a pause or a crash,
    written in committed steps; `attempts` counts the tries since the last of them. The result is figures, and
    a file (console.jobs.files) until `file_until`.
    """

    class State(models.TextChoices):
        """A life: waiting → running → succeeded | failed | cancelled; the last two may be resumed."""

        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    waiting = Q(ended_at=None)
    task = "console.jobs.jobs.work"
    task_seconds: ClassVar[int] = 1800  # a spreadsheet of a million rows is written in one go

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64)
    title = models.CharField(max_length=255)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="jobs")
    account_id = models.CharField(max_length=255, blank=True)  # "" where it is about no one account
    account_name = models.CharField(max_length=255, blank=True)
    params = models.JSONField(default=dict)  # never a secret
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    kept = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    file_name = models.CharField(max_length=255, blank=True)  # as it is downloaded; "" for no file (any more)
    file_bytes = models.PositiveBigIntegerField(default=0)
    file_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)  # why it stands as it does; "" while it goes on
    errors = models.JSONField(default=list, db_default=Value([], JSONField()))  # of every try (console.jobs.errors)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancel_asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = JobQuerySet.as_manager()

    class Meta(claims.Claimed.Meta):
        """Read newest first; the sweep reads what has not ended."""

        ordering = ("-created_at",)
        default_permissions = ("view",)
        permissions = (
            ("manage_jobs", "Can see and cancel everybody’s jobs"),
            ("export_lists", "Can take lists out of the console as files"),
        )
        indexes = (
            *claims.Claimed.Meta.indexes,
            models.Index(fields=["next_try_at"], name="job_waiting", condition=Q(ended_at=None)),
            models.Index(fields=["created_at", "id"], name="job_created"),
            models.Index(fields=["user", "-created_at"], name="job_user"),
            models.Index(fields=["account_id", "-created_at"], name="job_account"),
            models.Index(fields=["file_until"], name="job_file", condition=Q(file_until__isnull=False)),
        )

    def __str__(self) -> str:
        """What it is."""
        return self.title

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.ended_at is not None

"""Bulk runs and their rows: what was wanted for many, and how far it is."""

import hashlib
import json
import uuid
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Count, F, JSONField, Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from console.approvals import policy
from console.operations.models import Operation
from console.people.models import User
from console.shell.badges import Badge
from console.viewing.models import WorkSession
from gateway import claims

BEGIN = "console.begin_bulk_run"  # the act that stands for a run where a second person is needed
APPROVED = timedelta(hours=24)  # how long what a second person said stands for rows that are not sent yet
FROM_FILES = ("file", "command")  # runs whose rows have their values from a file
FAILED = ("denied", "refused", "not_found", "not_approved")  # outcomes that a person looks at


class BulkRunQuerySet(models.QuerySet["BulkRun"]):
    """Queries about runs, by name."""

    def running(self) -> "BulkRunQuerySet":
        """Those that the worker goes on with, urgent ones first, then the oldest."""
        return self.filter(state=BulkRun.State.RUNNING).order_by("-urgent", "begun_at")

    def needing_a_person(self) -> "BulkRunQuerySet":
        """Those that were stopped before their end, and those that ended with failures nobody has seen to."""
        return self.filter(needs_a_person=True)

    def with_lost(self) -> "BulkRunQuerySet":
        """Those that ended with rows that were not found at Stripe, of which each may still be settled."""
        return self.filter(state=BulkRun.State.ENDED, lost__gt=0)


class BulkRun(models.Model):
    """One verb for many rows, asked for by one person with one reason.

    A draft is a run that was never begun: its rows stand, nothing is sent. `common` holds the values that all rows
    share, plain JSON, never a sensitive one.
    """

    class State(models.TextChoices):
        """A life: draft → running ⇄ stopped, running → ended; a retry lets an ended one run again."""

        DRAFT = "draft", "Not begun"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        ENDED = "ended", "Ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verb = models.CharField(max_length=128)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bulk_runs")
    via = models.CharField(max_length=16, default="action")  # action | file | command | incident
    reason = models.TextField(blank=True)
    ticket = models.CharField(max_length=64, blank=True)
    common = models.JSONField(default=dict)
    load = models.JSONField(default=dict, db_default=Value({}, JSONField()))  # as last weighed: console.approvals.load
    work_session = models.ForeignKey(WorkSession, null=True, on_delete=models.PROTECT, related_name="bulk_runs")
    form_token = models.CharField(max_length=64, unique=True)  # of the form that asked: sent twice, it is one run
    digest = models.CharField(max_length=64, blank=True)  # of all that was asked for: tells apart another use of a form
    urgent = models.BooleanField(default=False)
    undo_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    why = models.TextField(blank=True)  # why it was stopped
    stopped_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # None: by itself
    needs_a_person = models.BooleanField(default=False)
    failed = models.PositiveIntegerField(default=0)  # rows that came to nothing, as last counted (console.bulk.ended)
    lost = models.PositiveIntegerField(default=0, db_default=0)  # of these, those that were not found at Stripe
    total = models.PositiveIntegerField(default=0)  # rows; 0 until all of them stand
    created_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)  # when it was stopped last
    ended_at = models.DateTimeField(null=True)

    person_as_of = float("-inf")  # time.monotonic() at which the engine last read who began it

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        """Read newest first."""

        ordering = ("-created_at",)
        default_permissions = ("view",)
        permissions = (("control_bulkrun", "Can stop, resume and retry everybody's bulk runs"),)
        indexes = (
            models.Index(fields=["created_at", "id"], name="bulkrun_created"),
            models.Index(fields=["begun_at"], name="bulkrun_running", condition=Q(state="running")),
            models.Index(fields=["created_at"], name="bulkrun_needing", condition=Q(needs_a_person=True)),
            models.Index(fields=["created_at"], name="bulkrun_draft", condition=Q(state="draft")),
            models.Index(fields=["ended_at"], name="bulkrun_lost", condition=Q(state="ended", lost__gt=0)),
        )

    def __str__(self) -> str:
        """The verb and its id."""
        return f"{self.verb} {self.pk}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("bulk_run", args=[self.pk])

    @property
    def badge(self) -> Badge | str:
        """How it stands, for its badge: one that ended says what came of it, also after somebody has seen to it."""
        if self.state != self.State.ENDED or not self.failed:
            return self.state
        return Badge("triangle", f"Ended with {self.failed:,} failed", "warn")

    @property
    def entered(self) -> str:
        """A digest of what was entered for all rows: what is approved is begun with that, or not at all."""
        text = json.dumps([self.common, self.reason, self.ticket], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @cached_property
    def acts(self) -> list[Operation]:
        """The acts by which a second person let it begin, each with its `policy_version`. One query."""
        acts = Operation.objects.filter(verb=BEGIN, object_id=str(self.pk), approved_at__isnull=False)
        return list(acts.annotate(policy_version=F("approval__policy_version")).order_by("approved_at"))

    @cached_property
    def approved(self) -> bool:
        """Whether a second person has approved it as it stands: none of its rows waits for another. One query.

        As of every approval: for a day, and under the policy of then. Afterwards each row is asked about by itself.
        """
        since, version = timezone.now() - APPROVED, policy.current().version
        as_it_stands = (self.digest, self.entered)
        return any(
            act.approved_at > since  # type: ignore[operator]
            and act.policy_version == version  # type: ignore[attr-defined]
            and (act.params.get("digest"), act.params.get("entered")) == as_it_stands
            for act in self.acts
        )

    @property
    def lapsed(self) -> bool:
        """Whether a second person let it begin whose word stands no more. No query beside that of `approved`."""
        return bool(self.acts) and not self.approved

    def outcomes(self) -> dict[str, int]:
        """How many rows have each outcome. One query, over the run's own rows."""
        rows: Any = BulkRow.objects.filter(run=self).told().order_by()
        told = rows.values("outcome").annotate(many=Count("pk"))
        return {each["outcome"]: each["many"] for each in told}


class BulkRowQuerySet(claims.ClaimedQuerySet["BulkRow"]):
    """Queries about rows, by name."""

    def told(self) -> "BulkRowQuerySet":
        """Each with its `outcome`: its operation's state, else its own."""
        return self.annotate(outcome=Coalesce(F("operation__state"), F("state")))

    def failed(self) -> "BulkRowQuerySet":
        """Those that were refused, by Stripe or by the console: what a retry takes again."""
        return self.filter(Q(state=BulkRow.State.DENIED) | Q(operation__state=Operation.State.REFUSED))

    def whole(self) -> "BulkRowQuerySet":
        """Those of which nothing was forgotten: they can be sent."""
        return self.filter(forgotten_at=None)

    def perhaps_changed(self) -> "BulkRowQuerySet":
        """Those whose operation succeeded, or of which that is not known."""
        return self.filter(operation__state__in=(Operation.State.SUCCEEDED, Operation.State.UNKNOWN))


class BulkRow(claims.Claimed):
    """One row of a run: one account or object, one form token, so one operation and one idempotency key at most.

    The token is fixed before anything is sent: whoever comes to the row a second time finds the operation that the
    first one made. From then on the operation tells the outcome. `params` are the row's own values; `carried` names
    those that nobody entered, which go along as they stood; `shown` are digests of what a second person is asked about.
    """

    class State(models.TextChoices):
        """Before an operation, or instead of one."""

        WAITING = "waiting", "Waiting"
        GIVEN = "given", "Begun"  # its operation tells the rest
        DENIED = "denied", "Not possible"  # the console's own no
        LEFT_OUT = "left_out", "Left out"  # it was so already, or somebody left it out
        BAD = "bad", "Wrong in the file"

    waiting = Q(state="waiting")
    swept_by = "console.bulk.engine.sweep"

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()  # in the run, from 1; of a file, the line
    account_id = models.CharField(max_length=255, blank=True)
    account_name = models.CharField(max_length=255, blank=True)
    object_id = models.CharField(max_length=255, blank=True)
    params = models.JSONField(default=dict)
    carried = models.JSONField(default=list)
    shown = models.JSONField(default=dict, db_default=Value({}, JSONField()))  # console.bulk.rows
    form_token = models.CharField(max_length=64, unique=True)
    personal = models.BooleanField(default=False, db_default=False)  # it holds what was entered of a person
    forgotten_at = models.DateTimeField(null=True)  # console.bulk.forgetting
    was_so = models.BooleanField(default=False, db_default=False)  # before it was sent: the run changed nothing of it
    operation = models.OneToOneField(Operation, null=True, on_delete=models.PROTECT, related_name="bulk_row")
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    why = models.TextField(blank=True)
    # What came of it first, where it was tried again: its operation then, or why there was none.
    first = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    first_why = models.TextField(blank=True, db_default="")

    objects = BulkRowQuerySet.as_manager()

    class Meta(claims.Claimed.Meta):
        """In the order of the run; what waits is found without what does not."""

        ordering = ("position",)
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["run", "position"], name="bulkrow_position"),)
        indexes = (
            *claims.Claimed.Meta.indexes,
            models.Index(fields=["run", "position"], name="bulkrow_waiting", condition=Q(state="waiting")),
            models.Index(fields=["object_id"], name="bulkrow_object"),
            models.Index(fields=["account_id"], name="bulkrow_personal", condition=Q(personal=True)),
        )

    def __str__(self) -> str:
        """What it is about."""
        return self.target

    @property
    def target(self) -> str:
        """The id of its object, else of its account."""
        return self.object_id or self.account_id

    @classmethod
    def claim_ends(cls, now: Any = None) -> Any:
        """As an operation's: a call, and the wait for a slot before it."""
        return Operation.claim_ends(now)

"""Approvals: what one person asked for and another one decides."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from console.operations.models import Operation
from console.people.models import User

LIFE = timedelta(hours=24)  # wall time: what nobody decided for so long is void


OPEN = Q(state="waiting") | Q(unanswered=True)  # what somebody still has to see to: few rows, whatever there were


def ends() -> datetime:
    """When an approval that is asked for now runs out."""
    return timezone.now() + LIFE


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Queries about approvals, by name."""

    def waiting(self) -> "ApprovalQuerySet":
        """Those that nobody has decided yet."""
        return self.filter(state=Approval.State.WAITING)

    def open(self) -> "ApprovalQuerySet":
        """Those that wait; and that came to nothing, and whose requester has not said yet what becomes of it."""
        return self.filter(OPEN)


class Approval(models.Model):
    """One operation that waits for a second person, the exact request that was shown to its requester, and its end.

    `request` is what console.approvals.exact makes of the verb's request, `digest` the digest of that and the policy.
    """

    class State(models.TextChoices):
        """A life: waiting → approved | refused | withdrawn | void | expired."""

        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        VOID = "void", "Void"  # what was asked for is not what would be sent any more
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="approval")
    requester = models.ForeignKey(User, on_delete=models.PROTECT, related_name="approvals_asked")
    approver = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="approvals_decided")
    verb = models.CharField(max_length=128, default="")  # its operation's, as the account: the list is narrowed by them
    account_id = models.CharField(max_length=255, blank=True, default="")
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    why = models.CharField(max_length=255)  # the policy's sentence
    policy_version = models.CharField(max_length=64)
    request = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    asked_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(default=ends)
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)  # the approver's reason, or what changed
    unanswered = models.BooleanField(default=False)  # it came to nothing, and its requester has to see it

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        """Read newest first. No two columns name the same person, whoever writes them."""

        ordering = ("-asked_at", "-id")
        default_permissions = ("view",)
        permissions = (("approve_operation", "Can approve what somebody else asked for"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(approver=None) | ~Q(approver=F("requester")), name="approval_by_another_person"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "refused")) | Q(approver__isnull=False),
                name="approval_decided_by_somebody",
            ),
        )
        indexes = (
            models.Index(fields=["asked_at", "id"], name="approval_asked"),
            models.Index(fields=["account_id", "asked_at", "id"], name="approval_account"),
            models.Index(fields=["verb", "asked_at", "id"], name="approval_verb"),
            models.Index(fields=["asked_at", "id"], name="approval_open", condition=OPEN),
        )

    def __str__(self) -> str:
        """The verb and its id."""
        return f"{self.operation.verb} {self.pk}"

    def follow(self, account_id: str) -> None:
        """Note of which account it is: one that its operation made is known only now. One query."""
        Approval.objects.filter(pk=self.pk).update(account_id=account_id)

    @property
    def open(self) -> bool:
        """Whether it still waits for somebody, by the clock of now."""
        return self.state == self.State.WAITING and timezone.now() < self.until

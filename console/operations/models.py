"""Operations: what staff wanted done at Stripe, and what came of it."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from console.people.models import User
from console.viewing.models import WorkSession
from gateway import claims

# Nobody but a person moves them on: not found at Stripe, or parked after their last try.
NEEDING_A_PERSON = Q(state="not_found") | Q(
    state__in=("intent", "sending", "unknown"), next_try_at=None, claimed_until=None
)
LATELY = timedelta(days=90)  # how far back words of a reason are looked for: no index holds them


def by_request(request_id: str) -> list[Q]:
    """Each way in which an operation may name a request: that of its end, or of a try before it."""
    tried = Q(tries__icontains=f'"{request_id}"')
    return [Q(request_id=request_id), Q(attempts__gt=1) & tried, Q(settled_at=None) & tried]


class OperationQuerySet(claims.ClaimedQuerySet["Operation"]):
    """Queries about operations, by name."""

    def unsettled(self) -> "OperationQuerySet":
        """Those whose outcome at Stripe is not known yet."""
        return self.filter(state__in=Operation.UNSETTLED)

    def needing_a_person(self) -> "OperationQuerySet":
        """Those that nobody but a person moves on: not found at Stripe, or parked after their last try."""
        return self.filter(NEEDING_A_PERSON)

    def braked(self) -> "OperationQuerySet":
        """Those that the worker has put off for a brake, and would go on with."""
        return self.filter(self.model.waiting, braked_at__isnull=False)

    def under(self, ticket: str) -> "OperationQuerySet":
        """Those under a ticket, in any case."""
        return self.filter(ticket__in={ticket, ticket.upper(), ticket.lower()})

    def lately(self, verb: str, within: timedelta) -> "OperationQuerySet":
        """Those of a verb that staff intended just now and that came to something, or still may; newest first."""
        begun = self.filter(verb=verb, created_at__gt=timezone.now() - within)
        return begun.exclude(state__in=Operation.CAME_TO_NOTHING).order_by("-created_at")


class Operation(claims.Claimed):
    """One intent of a member of staff to change something at Stripe, and what came of it.

    The intent and its idempotency key are committed before anything is sent. `params` never holds a sensitive value;
    `sensitive` names the fields that were left out. `attempts` counts the calls that were begun.
    """

    class State(models.TextChoices):
        """A life: [awaiting →] intent → sending → succeeded | refused | unknown; unknown → succeeded | refused |
        not_found. What no second person approved was never sent.
        """

        AWAITING = "awaiting", "Waiting for approval"  # console.approvals: nothing is sent until another person says so
        INTENT = "intent", "Not sent yet"
        SENDING = "sending", "Being sent"
        SUCCEEDED = "succeeded", "Succeeded"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "Unknown"
        NOT_FOUND = "not_found", "Not found at Stripe"
        DROPPED = "dropped", "Dropped"  # a person decided not to send it again
        NOT_APPROVED = "not_approved", "Not approved"  # refused by the second person, withdrawn, void or expired

    UNSETTLED = (State.INTENT, State.SENDING, State.UNKNOWN)
    CAME_TO_NOTHING = (State.REFUSED, State.DROPPED, State.NOT_FOUND, State.NOT_APPROVED)
    PARKED = {"next_try_at": None, "claimed_until": None}  # held by nobody, due never: what the queue has given up
    waiting = Q(settled_at=None) & ~Q(**PARKED)
    task = "console.operations.door.settle"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    verb = models.CharField(max_length=128)  # accounts.create_account
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="operations")
    via = models.CharField(max_length=16, default="page")  # page | action | command | api
    work_session = models.ForeignKey(WorkSession, null=True, on_delete=models.PROTECT, related_name="operations")
    account_id = models.CharField(max_length=255, blank=True)  # whom it is about; filled from the answer of a create
    account_name = models.CharField(max_length=255, blank=True)
    object_id = models.CharField(max_length=255, blank=True)
    reason = models.TextField()
    ticket = models.CharField(max_length=64, blank=True)
    params = models.JSONField(default=dict)
    sensitive = models.JSONField(default=list)
    key = models.CharField(max_length=255, unique=True)
    form_token = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=16, choices=State, default=State.INTENT)
    created_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True)  # when a second person let it go, where one was needed
    # What came of each attempt: [{"at": ISO wall time, "status", "request_id", "message", "replayed", "sent"}].
    tries = models.JSONField(default=list)
    first_tried_at = models.BigIntegerField(null=True)  # Stripe's clock: the idempotency window runs on it
    settled_at = models.DateTimeField(null=True)
    braked_at = models.DateTimeField(null=True)  # since when the worker puts it off: a brake stands against it
    settled_by = models.CharField(max_length=16, blank=True)  # answer | event | key | find | person | approval
    request_id = models.CharField(max_length=255, blank=True)
    result = models.JSONField(default=dict)
    error_message = models.TextField(blank=True)
    error_code = models.CharField(max_length=128, blank=True)
    error_param = models.CharField(max_length=255, blank=True)
    decline_detail = models.JSONField(default=dict)

    objects = OperationQuerySet.as_manager()

    class Meta(claims.Claimed.Meta):
        """Read newest first; the sweep reads what is unsettled."""

        ordering = ("-created_at",)
        default_permissions = ("view",)
        permissions = (("settle_operation", "Can decide an operation that was not found at Stripe"),)
        indexes = (
            *claims.Claimed.Meta.indexes,
            models.Index(fields=["account_id", "-created_at"], name="operation_account"),
            models.Index(fields=["next_try_at"], name="operation_waiting", condition=Q(settled_at=None)),
            models.Index(fields=["request_id"], name="operation_request"),
            models.Index(fields=["created_at", "id"], name="operation_created"),
            models.Index(fields=["verb", "-created_at"], name="operation_verb"),
            models.Index(fields=["object_id", "-created_at"], name="operation_object"),
            models.Index(fields=["ticket", "-created_at"], name="operation_ticket"),
            models.Index(fields=["-created_at"], name="operation_retried", condition=Q(attempts__gt=1)),
            models.Index(fields=["created_at", "id"], name="operation_needing", condition=NEEDING_A_PERSON),
            models.Index(fields=["braked_at"], name="operation_braked", condition=Q(braked_at__isnull=False)),
        )

    def __str__(self) -> str:
        """The verb and its id."""
        return f"{self.verb} {self.pk}"

    @classmethod
    def claim_ends(cls, now: datetime | None = None) -> datetime:
        """Later than any call can last: two processes never send at once."""
        return super().claim_ends(now) + timedelta(seconds=settings.STRIPE_TIMEOUT)

"""The console's own tables: staff, what they did, and why. Accounts stand here as text, never as keys."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac


class User(AbstractUser):
    """A member of staff. Rights come from one of four roles (console.roles)."""

    email = models.EmailField(blank=True)
    # How often all that this person had open was ended (console.access.end): it never counts down.
    access_generation = models.PositiveIntegerField(default=0, editable=False)

    class Meta(AbstractUser.Meta):
        """Ours is the only user model."""

        permissions = (("use_commands", "Can act through management commands with a personal token"),)

    def get_session_auth_hash(self) -> str:
        """What a sign-in or a token must carry to be worth something: a digest of the password and the generation."""
        value = f"{self.access_generation} {self.password}"
        return salted_hmac("console.User.get_session_auth_hash", value, algorithm="sha256").hexdigest()


class AppendOnly(models.Model):
    """A row that is written once: saving again, updating or deleting raises."""

    class Meta:
        """Abstract."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a second save raises TypeError."""
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise TypeError: rows are never deleted."""
        raise TypeError(f"{type(self).__name__} is append-only")


class AppendOnlyQuerySet(models.QuerySet):
    """Refuses update and delete; a database trigger refuses them below the ORM as well."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Raise TypeError."""
        raise TypeError(f"{self.model.__name__} is append-only")

    def delete(self) -> NoReturn:
        """Raise TypeError."""
        raise TypeError(f"{self.model.__name__} is append-only")

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> NoReturn:
        """Raise TypeError."""
        raise TypeError(f"{self.model.__name__} is append-only")


class WorkSessionQuerySet(models.QuerySet["WorkSession"]):
    """Queries about work sessions, by name."""

    def open(self, at: datetime | None = None) -> "WorkSessionQuerySet":
        """Those neither ended, nor idle too long, nor older than their life, at wall time `at` (default: now)."""
        at = at or timezone.now()
        return self.filter(
            ended_at=None,
            last_seen_at__gt=at - settings.WORK_SESSION_IDLE,
            started_at__gt=at - settings.WORK_SESSION_LIFE,
        )


class WorkSession(models.Model):
    """One member of staff viewing as one account: a reason typed once, a mode, an end."""

    class Mode(models.TextChoices):
        """Look refuses every write; work is its own permission."""

        LOOK = "look", "Look"
        WORK = "work", "Work"

    class Category(models.TextChoices):
        """Kinds of reason."""

        CARDHOLDER = "cardholder_question", "Cardholder question"
        ACCOUNT = "account_question", "Account question"
        INCIDENT = "incident", "Incident or fraud"
        ROUTINE = "routine", "Routine check"

    class End(models.TextChoices):
        """How a session ended."""

        CLICK = "click", "Ended"
        IDLE = "idle", "Idle for too long"
        LIFE = "life", "Ran out"
        SIGN_OUT = "sign_out", "Signed out"
        REPLACED = "replaced", "Another account was opened"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="work_sessions")
    account_id = models.CharField(max_length=255)
    account_name = models.CharField(max_length=255, blank=True)
    session_key = models.CharField(max_length=64, blank=True)  # a digest of the sign-in it belongs to
    category = models.CharField(max_length=32, choices=Category)
    reason = models.TextField()
    ticket = models.CharField(max_length=64, blank=True)
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.LOOK)
    started_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=16, choices=End, blank=True)

    objects = WorkSessionQuerySet.as_manager()

    class Meta:
        """Only the console writes them."""

        ordering = ("-started_at",)
        default_permissions = ("view",)
        permissions = (
            ("view_as", "Can view as an account"),
            ("work_as", "Can switch a work session to work mode"),
        )
        constraints = (
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at=None), name="one_open_session_a_person"),
        )
        indexes = (models.Index(fields=["account_id", "-started_at"], name="session_account"),)

    def __str__(self) -> str:
        """Whose account, and the mode."""
        return f"{self.account_name or self.account_id}, {self.get_mode_display()}"


class AccessEntry(AppendOnly):
    """One page opened, or one link out followed, while viewing as an account. Sealed by the session's end."""

    work_session = models.ForeignKey(WorkSession, on_delete=models.PROTECT, related_name="accesses")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    account_id = models.CharField(max_length=255)
    path = models.CharField(max_length=1024)
    kind = models.CharField(max_length=16, default="page")  # page | link_out | refused
    at = models.DateTimeField(default=timezone.now)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        """Read by session and by account."""

        ordering = ("-at", "-id")
        verbose_name_plural = "access entries"
        default_permissions = ("view",)
        indexes = (models.Index(fields=["account_id", "-at"], name="access_account"),)

    def __str__(self) -> str:
        """What was opened."""
        return f"{self.kind} {self.path}"


class AuditEntry(AppendOnly):
    """One change of state, in words a machine can count and a chain that shows a missing or altered row.

    `digest` is SHA-256 over the previous row's digest and this row's canonical JSON (console.audit).
    """

    number = models.PositiveBigIntegerField(unique=True)  # 1, 2, 3 … without a gap
    at = models.DateTimeField()
    action = models.CharField(max_length=128)  # dotted: operation.succeeded, session.started, sign_in.failed …
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    user_name = models.CharField(max_length=150, blank=True)
    account_id = models.CharField(max_length=255, blank=True)
    account_name = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=255, blank=True)  # the id of what was acted on
    operation = models.ForeignKey("Operation", null=True, on_delete=models.PROTECT, related_name="audit_entries")
    reason = models.TextField(blank=True)
    ticket = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)  # never a secret, never a sensitive value
    previous_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        """Read newest first."""

        ordering = ("-number",)
        verbose_name_plural = "audit entries"
        default_permissions = ("view",)
        indexes = (models.Index(fields=["account_id", "-number"], name="audit_account"),)

    def __str__(self) -> str:
        """Its number and what was done."""
        return f"{self.number} {self.action}"


class OperationQuerySet(models.QuerySet["Operation"]):
    """Queries about operations, by name."""

    def unsettled(self) -> "OperationQuerySet":
        """Those whose outcome at Stripe is not known yet."""
        return self.filter(state__in=Operation.UNSETTLED)

    def needing_a_person(self) -> "OperationQuerySet":
        """Those that nobody but a person moves on: not found at Stripe, or parked after their last try."""
        return self.filter(Q(state=Operation.State.NOT_FOUND) | Q(state__in=Operation.UNSETTLED, **Operation.PARKED))


class Operation(models.Model):
    """One intent of a member of staff to change something at Stripe, and what came of it.

    The intent and its idempotency key are committed before anything is sent. `params` never holds a sensitive value;
    `sensitive` names the fields that were left out.
    """

    class State(models.TextChoices):
        """A life: intent → sending → succeeded | refused | unknown; unknown → succeeded | refused | not_found."""

        INTENT = "intent", "Not sent yet"
        SENDING = "sending", "Being sent"
        SUCCEEDED = "succeeded", "Succeeded"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "Unknown"
        NOT_FOUND = "not_found", "Not found at Stripe"
        DROPPED = "dropped", "Dropped"  # a person decided not to send it again

    UNSETTLED = (State.INTENT, State.SENDING, State.UNKNOWN)
    PARKED = {"next_try_at": None, "claimed_until": None}  # held by nobody, due never: what the queue has given up

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
    claimed_by = models.CharField(max_length=255, blank=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # What came of each attempt: [{"at": ISO wall time, "status", "request_id", "message", "replayed", "sent"}].
    tries = models.JSONField(default=list)
    first_tried_at = models.BigIntegerField(null=True)  # Stripe's clock: the idempotency window runs on it
    next_try_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=16, blank=True)  # answer | event | key | find | person
    request_id = models.CharField(max_length=255, blank=True)
    result = models.JSONField(default=dict)
    error_message = models.TextField(blank=True)
    error_code = models.CharField(max_length=128, blank=True)
    error_param = models.CharField(max_length=255, blank=True)
    decline_detail = models.JSONField(default=dict)

    objects = OperationQuerySet.as_manager()

    class Meta:
        """Read newest first; the sweep reads what is unsettled."""

        ordering = ("-created_at",)
        default_permissions = ("view",)
        permissions = (("settle_operation", "Can decide an operation that was not found at Stripe"),)
        indexes = (
            models.Index(fields=["account_id", "-created_at"], name="operation_account"),
            models.Index(
                fields=["next_try_at"],
                name="operation_unsettled",
                condition=Q(state__in=["intent", "sending", "unknown"]),
            ),
        )

    def __str__(self) -> str:
        """The verb and its id."""
        return f"{self.verb} {self.pk}"


class PersonalToken(models.Model):
    """A token that lets one member of staff act through commands in test and live mode; only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64, default="")  # its owner's, when made: it works while that is theirs
    label = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """Seen by its owner alone."""

        default_permissions = ()
        constraints = (
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_expires_after_creation"),
        )

    def __str__(self) -> str:
        """What it is for."""
        return self.label


class SignInFailure(models.Model):
    """One guess at a password that has not proved right. `key` digests the normalised name and the address it came
    from; neither is kept.
    """

    key = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Counted within the last minutes, removed afterwards (console.sign_in)."""

        default_permissions = ()
        indexes = (models.Index(fields=["key", "at"], name="sign_in_failure_recent"),)

    def __str__(self) -> str:
        """When it was."""
        return f"{self.at:%Y-%m-%d %H:%M:%S}"

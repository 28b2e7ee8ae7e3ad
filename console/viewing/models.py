"""Work sessions and what was opened in them. Accounts stand here as text, never as keys."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from console.people.models import User
from console.record.models import AppendOnly, AppendOnlyQuerySet
from gateway import texts


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

    def under(self, ticket: str) -> "WorkSessionQuerySet":
        """Those under a ticket, in any case."""
        return self.filter(ticket__in={ticket, ticket.upper(), ticket.lower()})


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
        indexes = (
            models.Index(fields=["account_id", "-started_at"], name="session_account"),
            models.Index(fields=["user", "-started_at"], name="session_user"),
            models.Index(fields=["ticket", "-started_at"], name="session_ticket"),
            models.Index(fields=["started_at", "id"], name="session_started"),
        )

    def __str__(self) -> str:
        """Whose account, and the mode."""
        return f"{self.whose}, {self.get_mode_display()}"

    @property
    def whose(self) -> str:
        """The account's name as it then was, its id where it had none."""
        return texts.label(self.account_name, self.account_id)


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
        indexes = (
            models.Index(fields=["account_id", "-at"], name="access_account"),
            models.Index(fields=["user", "-at"], name="access_user"),
            models.Index(fields=["work_session", "id"], name="access_session"),
            models.Index(fields=["at", "id"], name="access_at"),
        )

    def __str__(self) -> str:
        """What was opened."""
        return f"{self.kind} {self.path}"

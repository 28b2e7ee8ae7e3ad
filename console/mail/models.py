"""Mails: what was to be sent to whom, and what came of it."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from console.people.models import User
from gateway import claims

DRAIN = "console.mail.sending.drain"  # the task that sends what is due
SETTLES = "console.settle_mail"  # who decides what becomes of a mail that failed, or that is in doubt


def new_id() -> str:
    """A new mail's id."""
    return f"mail_{secrets.token_hex(12)}"


class MailQuerySet(claims.ClaimedQuerySet["Mail"]):
    """Queries about mails, by name."""

    def needing_a_person(self) -> "MailQuerySet":
        """Those that nobody but a person moves on."""
        return self.filter(state__in=Mail.DECIDED)


class Mail(claims.Claimed):
    """One mail to one address, sent at most once unless a person says otherwise. They are worked off together.

    `state` SENDING is committed before the mail server is spoken to: a row that a process leaves in it when it dies, or
    whose connection ends between the mail's content and the answer, becomes UNKNOWN. `attempts` counts the tries since
    a person last decided; `tries` keeps what came of each: [{"at": ISO wall time, "outcome", "said"}].
    """

    class State(models.TextChoices):
        """A life: queued → sending → sent | queued again | failed | unknown; failed, unknown → queued | dropped."""

        QUEUED = "queued", "Waits to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"
        DROPPED = "dropped", "Dropped"

    DECIDED = (State.FAILED, State.UNKNOWN)  # by a person
    waiting = Q(settled_at=None)
    swept_by = "console.mail.sending.wake"

    id = models.CharField(primary_key=True, max_length=64, default=new_id, editable=False)
    message_id = models.CharField(max_length=255, unique=True)  # with its brackets; made once, sent with each try
    template = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField()
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=255)
    body = models.TextField(blank=True)
    values = models.JSONField(default=dict)  # the text of each value that the template declares
    personal = models.BooleanField(default=False)  # a notice to a holder: who it is to and what it says is personal
    account_id = models.CharField(max_length=255, blank=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # who caused it
    once = models.CharField(max_length=128, null=True, unique=True)  # of one that must not be made twice
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=16, blank=True)  # server | crash | person
    redacted_at = models.DateTimeField(null=True)
    tries = models.JSONField(default=list)
    error = models.TextField(blank=True)

    objects = MailQuerySet.as_manager()

    class Meta(claims.Claimed.Meta):
        """Read newest first; the sweep reads what waits."""

        ordering = ("-created_at",)
        default_permissions = ("view",)
        permissions = (("settle_mail", "Can decide what becomes of a mail that failed or is in doubt"),)
        indexes = (
            *claims.Claimed.Meta.indexes,
            models.Index(fields=["next_try_at"], name="mail_waiting", condition=Q(settled_at=None)),
            models.Index(fields=["created_at", "id"], name="mail_created"),
            models.Index(fields=["state", "created_at"], name="mail_state"),
            models.Index(fields=["template", "-created_at"], name="mail_template"),
            models.Index(fields=["account_id", "-created_at"], name="mail_account"),
            models.Index(fields=["to", "-created_at"], name="mail_to"),
            models.Index(fields=["user", "-created_at"], name="mail_user"),
            models.Index(fields=["settled_at"], name="mail_to_redact", condition=Q(personal=True, redacted_at=None)),
        )

    def __str__(self) -> str:
        """Its id: a subject tells less."""
        return self.pk

    @classmethod
    def claim_ends(cls, now: datetime | None = None) -> datetime:
        """Later than a talk with a slow mail server lasts."""
        return super().claim_ends(now) + timedelta(seconds=6 * settings.EMAIL_TIMEOUT)

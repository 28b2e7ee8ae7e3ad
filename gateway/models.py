"""Gateway's own tables: events as they arrived, and what all processes share about Stripe."""

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """A Stripe event, stored before it was answered; applied at least once with the effect of once.

    `account` is Stripe's id of the connected account, empty for the platform's own. `created` is whole seconds of
    Stripe's clock; every other moment is wall time. `object_key` names the mirror row it speaks of, as
    `issuing.card:ic_1` or `capability:acct_1.card_issuing`; empty for types that no mirror knows.
    """

    class State(models.TextChoices):
        """Where an event stands in its life."""

        WAITING = "waiting"
        DONE = "done"
        IGNORED = "ignored"  # a type that nothing here follows
        QUARANTINED = "quarantined"  # of an account that is not ours, or of another mode
        DEAD = "dead"  # given up after its last attempt; can be replayed

    id = models.CharField(primary_key=True, max_length=255)
    account = models.CharField(max_length=255, blank=True)
    type = models.CharField(max_length=255)
    created = models.BigIntegerField()
    api_version = models.CharField(max_length=64, blank=True)
    livemode = models.BooleanField()
    request_id = models.CharField(max_length=255, blank=True)
    idempotency_key = models.CharField(max_length=255, blank=True)
    object_key = models.CharField(max_length=512, blank=True)
    payload = models.JSONField()
    source = models.CharField(max_length=16, default="webhook")  # or "catch_up"
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    claimed_by = models.CharField(max_length=255, blank=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # claims that did not end in an answer (crashes) and raises
    failures = models.PositiveSmallIntegerField(default=0)  # times Stripe could not be reached
    next_try_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        """Lists read newest first; the worker reads what waits."""

        ordering = ("-created", "-id")
        default_permissions = ("view",)
        permissions = (("replay_event", "Can replay a dead or quarantined event"),)
        indexes = (
            models.Index(fields=["created", "id"], name="event_created"),
            models.Index(fields=["object_key", "created"], name="event_object"),
            models.Index(fields=["account", "-created"], name="event_account"),
            models.Index(fields=["received_at"], name="event_waiting", condition=Q(state="waiting")),
            models.Index(fields=["object_key"], name="event_tried", condition=Q(state="waiting", attempts__gt=0)),
            models.Index(fields=["state", "-created"], name="event_unsettled", condition=~Q(state="done")),
            models.Index(fields=["idempotency_key"], name="event_key", condition=~Q(idempotency_key="")),
        )

    def __str__(self) -> str:
        """Return Stripe's id."""
        return self.id


class ClockOffset(models.Model):
    """Stripe's clock minus ours, in seconds, as the Date header of Stripe's last answer told. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    offset = models.FloatField(default=0)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the offset."""
        return f"{self.offset:+.1f} s"


class RateBucket(models.Model):
    """The rate budget that all processes share: `free_at` is the wall time (unix seconds) of the next free slot."""

    scope = models.CharField(primary_key=True, max_length=64)
    free_at = models.FloatField(default=0)

    def __str__(self) -> str:
        """Return the scope."""
        return self.scope


class Binding(models.Model):
    """The mode and platform account this database was first used with, and the last key verified to be of that account.

    One row; mode and account never change.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=16)
    platform_account = models.CharField(max_length=255, blank=True)
    key_digest = models.CharField(max_length=64, blank=True)
    bound_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        """Return account and mode."""
        return f"{self.platform_account} {self.mode}".strip()


class Heartbeat(models.Model):
    """When a named part of the machinery last proved that it works (wall time)."""

    name = models.CharField(primary_key=True, max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class SyncCursor(models.Model):
    """How far `sync` has walked one list: resumed from `after`, whole when `finished_at` is set."""

    noun = models.CharField(max_length=64)
    account = models.CharField(max_length=255, blank=True)
    after = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """One walk a list."""

        constraints = (models.UniqueConstraint(fields=["noun", "account"], name="one_walk_a_list"),)

    def __str__(self) -> str:
        """Return noun and account."""
        return f"{self.noun} {self.account}".strip()

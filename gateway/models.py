"""Gateway's own tables: events as they arrived, and what all processes share about Stripe."""

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from gateway import claims, locks

BATCH = 200  # events that start a claim; those that wait for the same objects come along
LONGEST_CLAIM = 1000
CRASHED = f"Given up: its process ended in each of {claims.CRASHES} attempts."
CLAIM_LOCK = 0x696E626F78  # under which claims are made, one at a time


class EventQuerySet(claims.ClaimedQuerySet["Event"]):
    """Claims of events take all that wait for an object, and leave objects alone of which another claim holds one."""

    def claim_fresh(self) -> list["Event"]:
        """Claim the oldest, with all that wait for the same objects, without objects that are held or in trouble."""
        with transaction.atomic():
            locks.one_at_a_time(CLAIM_LOCK)  # so that no two take events of the same object
            fresh = self.due().filter(attempts=0).exclude(object_key__in=self.tried().values("object_key"))
            found = dict(fresh.order_by("received_at").values_list("pk", "object_key")[:BATCH])
            keyless = [pk for pk, key in found.items() if not key]
            wanted = Q(object_key__in=set(found.values()) - {""}) | (Q(pk__in=keyless) if keyless else Q())
            return self.take(wanted, attempts=F("attempts") + 1) if found else []

    def claim_alone(self) -> list["Event"]:
        """Claim the events of one object in trouble that were tried least; what had all its attempts is given up."""
        now = timezone.now()
        with transaction.atomic():
            locks.one_at_a_time(CLAIM_LOCK)
            self.due(now).filter(attempts__gte=claims.CRASHES).settle(state=Event.State.DEAD, error=CRASHED)
            busy = self.tried().filter(claimed_until__gt=now).values("object_key")
            quiet = self.tried().exclude(object_key__in=busy).values("object_key")
            of_objects = self.due(now).filter(object_key__in=quiet)  # each by an index of few rows, however many wait
            of_none = self.due(now).filter(object_key="", attempts__gt=0)
            heads = [
                each.order_by("attempts", "received_at").defer("payload").first() for each in (of_objects, of_none)
            ]
            first = min(filter(None, heads), key=lambda event: (event.attempts, event.received_at), default=None)
            if first is None:
                return []
            siblings = Q(object_key=first.object_key, attempts__lte=first.attempts)
            return self.take(siblings if first.object_key else Q(pk=first.pk), attempts=Greatest(F("attempts"), 1))

    def tried(self) -> "EventQuerySet":
        """Those that are held, crashed or raised: events of their objects are not claimed together with others."""
        return self.waiting().filter(attempts__gt=0).exclude(object_key="")

    def take(self, wanted: Q, **counted: Any) -> list["Event"]:
        """Claim what waits of the wanted events; those that a transaction under way has locked are left out."""
        waiting = self.filter(wanted).waiting().order_by("created", "id")
        return waiting.claim(limit=LONGEST_CLAIM, skip_locked=True, **counted)

    def held_of(self, events: Sequence["Event"]) -> "EventQuerySet":
        """Those of these events that are still to be done, by this process."""
        return self.filter(pk__in=[event.pk for event in events]).held()


class Event(claims.Claimed):
    """A Stripe event, stored before it was answered; applied at least once with the effect of once.

    `account` is Stripe's id of the connected account, empty for the platform's own. `created` is whole seconds of
    Stripe's clock; every other time is this machine's. `object_key` names the mirror row it is about, as
    `issuing.card:ic_1` or `capability:acct_1.card_issuing`; empty for types that no mirror knows. `attempts` counts the
    claims that did not end in an answer (crashes) and what raised, `failures` the times Stripe could not be reached.
    """

    class State(models.TextChoices):
        """Where an event stands in its life."""

        WAITING = "waiting"
        DONE = "done"
        IGNORED = "ignored"  # a type that nothing here follows, or the platform's own object
        QUARANTINED = "quarantined"  # of an account that is not ours, or of another mode
        DEAD = "dead"  # given up after its last attempt; can be replayed

    waiting = Q(state="waiting")
    swept_by = "gateway.inbox.sweep"

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
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)  # when its payload was (gateway.retention)
    replaced: dict[str, Any] | None = None  # no column: what its snapshot replaced in the mirror, if known

    objects = EventQuerySet.as_manager()

    class Meta(claims.Claimed.Meta):
        """Lists read newest first; the worker reads what waits."""

        ordering = ("-created", "-id")
        default_permissions = ("view",)
        permissions = (("replay_event", "Can replay a dead or quarantined event"),)
        indexes = (
            *claims.Claimed.Meta.indexes,
            models.Index(fields=["created", "id"], name="event_created"),
            models.Index(fields=["object_key", "created"], name="event_object"),
            models.Index(fields=["account", "-created"], name="event_account"),
            models.Index(fields=["received_at"], name="event_waiting", condition=Q(state="waiting")),
            models.Index(fields=["object_key"], name="event_siblings", condition=Q(state="waiting")),
            models.Index(fields=["object_key"], name="event_tried", condition=Q(state="waiting", attempts__gt=0)),
            models.Index(fields=["state", "-created"], name="event_unsettled", condition=~Q(state="done")),
            models.Index(fields=["received_at", "id"], name="event_dead", condition=Q(state="dead")),
            models.Index(fields=["idempotency_key"], name="event_key", condition=~Q(idempotency_key="")),
            models.Index(fields=["request_id"], name="event_request"),
            models.Index(fields=["type", "-created"], name="event_type"),
            models.Index(fields=["livemode", "-created"], name="event_mode"),
            models.Index(fields=["-created"], name="event_caught_up", condition=Q(source="catch_up")),
            models.Index(fields=["created"], name="event_to_drop", condition=Q(state="done", dropped_at=None)),
        )

    def __str__(self) -> str:
        """Return Stripe's id."""
        return self.id


class ClockOffset(models.Model):
    """Stripe's clock minus ours, in seconds, by the Date header of Stripe's last answer. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    offset = models.FloatField(default=0)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the offset."""
        return f"{self.offset:+.1f} s"


class RateBucket(models.Model):
    """The rate budget that all processes share, in one row of scope "api".

    `free_at` is the wall time (unix seconds) of the next free slot, `urgent_at` that of the last urgent call.
    """

    scope = models.CharField(primary_key=True, max_length=64)
    free_at = models.FloatField(default=0)
    urgent_at = models.FloatField(default=0)

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
    """How far a run of `sync` has walked one list: resumed from `after`, whole when `finished_at` is set.

    `noun` begins with what tells runs apart (gateway.sync.scope). A run has its own row, with its name as `account`.
    """

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


class Drift(models.Model):
    """An object that mirror and Stripe showed differently when they were compared. Names of fields, never values.

    One row an object, of the last comparison; `found_at` is Stripe's clock.
    """

    class Kind(models.TextChoices):
        """How they differ."""

        DIFFERS = "differs", "Differs"
        MISSING = "missing", "Missing here"
        GONE = "gone", "Gone at Stripe"
        BACK = "back", "Back at Stripe"

    noun = models.CharField(max_length=64)
    object_id = models.CharField(max_length=255)  # of the mirror's row
    account = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=16, choices=Kind)
    fields = models.JSONField(default=list)
    found_at = models.DateTimeField()

    class Meta:
        """One row an object; read newest first, of one kind, one noun or one account."""

        default_permissions = ("view",)
        verbose_name, verbose_name_plural = "difference", "differences"
        constraints = (models.UniqueConstraint(fields=["noun", "object_id"], name="one_drift_an_object"),)
        indexes = (
            models.Index(fields=["-found_at", "-id"], name="drift_found"),
            models.Index(fields=["kind", "-found_at", "-id"], name="drift_kind"),
            models.Index(fields=["noun", "-found_at", "-id"], name="drift_noun"),
            models.Index(fields=["account", "-found_at", "-id"], name="drift_account"),
            models.Index(fields=["object_id"], name="drift_object"),
        )

    def __str__(self) -> str:
        """Which object, how, and in what."""
        fields = f": {', '.join(self.fields)}" if self.fields else ""
        return f"{self.noun} {self.object_id} {self.get_kind_display().lower()}{fields}"

"""What became due, what was met, which state changed: written once for each event, or where a reading found it.

An event holds the values before it in `previous_attributes`, so rows do not depend on the order of arrival; an event
without them is compared with the row that it replaced. What a reading (`sync`) found is deleted, or not written, where
an event reports the same change. The first import of an account is one row, FIRST_READ: what was there before is no
change.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Max, Q

from gateway import clock
from gateway.mirror import REGISTRY
from gateway.models import Event
from gateway.shapes import hash_at, hashes_at, plain_at, texts_at

Data = dict[str, Any]

LISTS = ("currently_due", "past_due", "pending_verification", "eventually_due")
FIRST_READ = "first_read"  # the `field` of the one row that an account's first import is
LONGEST_IMPORT = timedelta(days=1)  # an object without a date that is read within it belongs to the first import


class Source(models.TextChoices):
    """Who told."""

    EVENT = "event", "Event"
    SYNC = "sync", "Found by reading"


class HistoryRow(models.Model):
    """A row that one event, or one reading, brought. `at` is Stripe's clock.

    What a reading found happened after `since`, when the value was still the old one (null: never seen before), and
    no later than `read_at`; both are null for events. Its `at` is when it happened if Stripe says so, else `read_at`.
    """

    account = models.ForeignKey(
        "accounts.Account", db_constraint=False, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=Source)
    source_id = models.CharField(max_length=320)  # the event's id, or sync:<object>:<revision>
    since = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        """Abstract."""

        abstract = True
        default_permissions = ("view",)

    @property
    def dated_by_reading(self) -> bool:
        """Whether `at` is only when it was found, not when it happened."""
        return self.source == Source.SYNC and self.read_at in (None, self.at)


class RequirementQuerySet(models.QuerySet["Requirement"]):
    """Questions about requirement history, by name."""

    def passed_deadlines(self, account_ids: Iterable[str]) -> dict[tuple[str, str], int]:
        """{(account, key): unix seconds} of the deadlines after which keys became past due. One query."""
        late = self.filter(account__in=list(account_ids), list="past_due", became=Requirement.Became.DUE)
        found = late.exclude(deadline=None).values_list("account_id", "key").annotate(last=Max("deadline"))
        return {(account_id, key): int(last.timestamp()) for account_id, key, last in found}


class Requirement(HistoryRow):
    """One key that entered or left one list of an account, a capability or a person (`scope`).

    `deadline` is the one Stripe named when it entered; for `past_due` the one that had passed.
    """

    class Became(models.TextChoices):
        """Which way it went."""

        DUE = "due", "Became due"
        MET = "met", "Was met"

    scope = models.CharField(max_length=255)  # account, a capability's name, or a person's id
    key = models.CharField(max_length=255)
    list = models.CharField(max_length=32)  # one of LISTS, or errors
    became = models.CharField(max_length=8, choices=Became)
    deadline = models.DateTimeField(null=True)
    code = models.CharField(max_length=128, blank=True)  # of an error
    reason = models.TextField(blank=True)

    objects = RequirementQuerySet.as_manager()

    class Meta(HistoryRow.Meta):
        """Read by account, newest first."""

        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=["source_id", "scope", "key", "list", "code"], name="one_requirement_a_telling"
            ),
        )
        indexes = (
            models.Index(fields=["account", "scope", "-at", "id"], name="requirement_scope"),
            models.Index(
                fields=["account", "key", "deadline"],
                name="requirement_passed",
                condition=Q(list="past_due", became="due", deadline__isnull=False),
            ),
        )

    def __str__(self) -> str:
        """Return key and list."""
        return f"{self.key} {self.list}"


class StateChangeQuerySet(models.QuerySet["StateChange"]):
    """Questions about states that changed, by name."""

    def of_any(self, *limited: "StateChangeQuerySet") -> "StateChangeQuerySet":
        """The rows of these queries, each of which has a limit of its own, oldest first."""
        # SQLite takes no limit in a union but within an IN.
        own = [self.filter(pk__in=each.values("pk")).order_by().values("pk") for each in limited]
        return self.filter(pk__in=own[0].union(*own[1:]) if len(own) > 1 else own[0]).order_by("at", "id")


class StateChange(HistoryRow):
    """One field whose value changed: a capability's status, whether charges are enabled, when terms were accepted …"""

    subject = models.CharField(max_length=255)  # the object's id as Stripe has it: acct_…, card_issuing, person_…
    noun = models.CharField(max_length=32)  # Stripe's `object`
    field = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = StateChangeQuerySet.as_manager()

    class Meta(HistoryRow.Meta):
        """Read by account, newest first."""

        ordering = ("-at", "-id")
        constraints = (models.UniqueConstraint(fields=["source_id", "subject", "field"], name="one_change_a_telling"),)
        indexes = (
            models.Index(fields=["account", "-at"], name="statechange_account"),
            models.Index(fields=["account", "subject", "-at"], name="statechange_subject"),
        )

    def __str__(self) -> str:
        """Return subject and field."""
        return f"{self.subject} {self.field}"


@dataclass(frozen=True)
class ObjectChange:
    """An object before and after; `old` is None for a new one. Times are Stripe's clock."""

    account_id: str
    old: Data | None
    new: Data
    at: datetime
    source: str
    source_id: str
    ended: bool = False
    scope: str = field(default="account")
    since: datetime | None = None  # of a reading: the last time at which Stripe showed `old`

    @property
    def origin(self) -> Data:
        """The columns that every row of it has: whose it is, and where it is known from."""
        names = ("account_id", "source", "source_id", "since", "read_at")
        return {name: getattr(self, name) for name in names}

    @property
    def read_at(self) -> datetime | None:
        """When it was found; None for an event."""
        return self.at if self.source == Source.SYNC else None

    @property
    def began_at(self) -> datetime | None:
        """When the object came to be at Stripe; None where Stripe does not say."""
        times = (self.new.get(name) for name in ("created", "requested_at"))
        return next((at for at in map(clock.from_unix, times) if at and at <= self.at), None)

    def happened_at(self, name: str, value: Any) -> datetime | None:
        """When a change that a reading found happened; None where Stripe does not say, and for an event."""
        if self.source != Source.SYNC:
            return None
        if name == "object" and value == "created":
            return self.began_at
        at = clock.from_unix(value) if name.endswith(".date") else None
        return at if at and (self.since or at) <= at <= self.at else None

    def rows(self) -> dict[Any, list[Any]]:
        """Both kinds of history that follow, by model."""
        return {Requirement: list(_requirements(self)), StateChange: list(_changes(self))}


def change_by_event(event: Event, account_id: str, scope: str) -> ObjectChange:
    """The change that an event reports. A hash in `previous_attributes` names only what changed in it; a list is whole.

    Without them the object is compared with what it replaced in the mirror (`event.replaced`), where that is known.
    """
    content = event.payload["data"]
    new, previous = content["object"], content.get("previous_attributes") or {}
    old: Data | None = merged(new, previous)
    if not previous and event.replaced is not None:
        model = REGISTRY.get(str(new.get("object")))
        new, old = model.normalise(new) if model else new, event.replaced
    # An account's first event is `account.updated` as well: nothing before it, of the second of its birth.
    if event.type.endswith((".created", ".deleted")) or (not previous and new.get("created") == event.created):
        old = None
    at = clock.from_unix(event.created) or clock.now()
    ended = event.type.endswith(".deleted")
    return ObjectChange(account_id, old, new, at, Source.EVENT, event.id, ended, scope)


def change_by_reading(account_id: str, old: Data | None, new: Data, scope: str, row: Any) -> ObjectChange:
    """The change that a reading of the mirror's `row` found since the row was read before."""
    at = clock.from_unix(row.as_of) or clock.now()
    since = clock.from_unix(row.as_of_before) if old is not None and row.as_of_before else None
    source_id = f"sync:{row.pk}:{row.revision}"
    return ObjectChange(account_id, old, new, at, Source.SYNC, source_id, row.gone, scope, since)


def merged(new: Data, previous: Data) -> Data:
    """The object as it was: `previous` laid over `new`."""
    old = dict(new)
    for name, value in previous.items():
        inner = new.get(name)
        old[name] = merged(inner, value) if isinstance(value, dict) and isinstance(inner, dict) else value
    return old


def _requirements(change: ObjectChange) -> Iterable[Requirement]:
    before, after = hash_at(change.old, "requirements"), hash_at(change.new, "requirements")
    if change.ended:
        return
    for name in LISTS:
        old, new = dict.fromkeys(texts_at(before, name)), dict.fromkeys(texts_at(after, name))
        deadline = _deadline(name, before, after, change.at)
        yield from (_row(change, key, name, "due", deadline=deadline) for key in new if key not in old)
        yield from (_row(change, key, name, "met") for key in old if key not in new)
    found, known = _errors(after), _errors(before)
    yield from (_row(change, key[0], "errors", "due", error=found[key]) for key in found if key not in known)
    yield from (_row(change, key[0], "errors", "met", error=known[key]) for key in known if key not in found)


def _deadline(name: str, before: Data, after: Data, at: datetime) -> datetime | None:
    """What is past due now had been due by the deadline before, or at once; the new one belongs to other keys."""
    seconds = (before if name == "past_due" else after).get("current_deadline")
    if not isinstance(seconds, int) or name not in ("past_due", "currently_due"):
        return None
    deadline = clock.from_unix(seconds)
    return min(deadline, at) if deadline and name == "past_due" else deadline


def _row(
    change: ObjectChange,
    key: str,
    name: str,
    became: str,
    *,
    deadline: datetime | None = None,
    error: Data | None = None,
) -> Requirement:
    return Requirement(
        **change.origin,
        at=change.at,
        scope=change.scope,
        key=key[:255],
        list=name,
        became=became,
        deadline=deadline,
        code=str((error or {}).get("code") or "")[:128],
        reason=str((error or {}).get("reason") or ""),
    )


def _changes(change: ObjectChange) -> Iterable[StateChange]:
    noun = str(change.new.get("object", ""))
    if change.ended or change.old is None:
        state = "deleted" if change.ended else "created"
        yield state_change(change, noun, "object", None if change.old is None else "created", state)
    if change.ended or change.old is None:
        return
    for name in getattr(REGISTRY.get(noun), "watched", ()):
        before, after = plain_at(change.old, name), plain_at(change.new, name)
        if before != after:
            yield state_change(change, noun, name, before, after)


def state_change(change: ObjectChange, noun: str, name: str, before: Any, after: Any) -> StateChange:
    """The row that says what a value was and became."""
    return StateChange(
        **change.origin,
        at=change.happened_at(name, after) or change.at,
        subject=str(change.new.get("id", "")),
        noun=noun,
        field=name,
        before=before,
        after=after,
    )


def _errors(requirements: Data) -> dict[tuple[str, str], Data]:
    """Faults by key and code."""
    named = [error for error in hashes_at(requirements, "errors") if isinstance(error.get("requirement"), str)]
    return {(error["requirement"], str(error.get("code") or "")): error for error in named}

"""What became due, what was met, which state changed: written once for each event, or where a reading found it.

An event tells what was before in `previous_attributes`, so rows do not depend on the order of arrival; one that tells
nothing of it is compared with the row that it replaced. What was found by reading (`sync`) gives way to the event that
tells it, whichever comes first. The first import of an account is one row, FIRST_READ: what was there before it was
read is no change.
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
from gateway.shapes import hashes_at, texts_at

Data = dict[str, Any]

LISTS = ("currently_due", "past_due", "pending_verification", "eventually_due")
FIRST_READ = "first_read"  # the `field` of the one row that an account's first import is
LONGEST_IMPORT = timedelta(days=1)  # what has no moment of its own and was read by then belongs to the first import


class Source(models.TextChoices):
    """Who told."""

    EVENT = "event", "Event"
    SYNC = "sync", "Found by reading"


class HistoryRow(models.Model):
    """A row that one event, or one reading, brought. `at` is Stripe's clock.

    What a reading found lies between `since`, when it still stood otherwise (null: never seen before), and `read_at`.
    Its `at` is its own moment where Stripe tells that, else the moment it was read. Both are null for events.
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
        """Whether `at` is no more than the moment at which it was found."""
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
        indexes = (models.Index(fields=["account", "-at"], name="requirement_account"),)

    def __str__(self) -> str:
        """Return key and list."""
        return f"{self.key} {self.list}"


class StateChange(HistoryRow):
    """One field whose value changed: a capability's status, whether charges are enabled, when terms were accepted …"""

    subject = models.CharField(max_length=255)  # the object's id as Stripe has it: acct_…, card_issuing, person_…
    noun = models.CharField(max_length=32)  # Stripe's `object`
    field = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta(HistoryRow.Meta):
        """Read by account, newest first."""

        ordering = ("-at", "-id")
        constraints = (models.UniqueConstraint(fields=["source_id", "subject", "field"], name="one_change_a_telling"),)
        indexes = (
            models.Index(fields=["account", "-at"], name="statechange_account"),
            models.Index(fields=["account", "subject"], name="statechange_subject"),
        )

    def __str__(self) -> str:
        """Return subject and field."""
        return f"{self.subject} {self.field}"


@dataclass(frozen=True)
class ObjectChange:
    """An object before and after: `old` is None where it had not been there. Times are Stripe's clock."""

    account_id: str
    old: Data | None
    new: Data
    at: datetime
    source: str
    source_id: str
    ended: bool = False
    scope: str = field(default="account")
    since: datetime | None = None  # of a reading: the last moment at which `old` is known to have stood

    @property
    def read_at(self) -> datetime | None:
        """When it was found; None for an event."""
        return self.at if self.source == Source.SYNC else None

    @property
    def began_at(self) -> datetime | None:
        """When the object came to be at Stripe; None where Stripe does not say."""
        moments = (self.new.get(name) for name in ("created", "requested_at"))
        return next((at for at in map(clock.from_unix, moments) if at and at <= self.at), None)

    def moment_of(self, name: str, value: Any) -> datetime | None:
        """The own moment of a change that a reading found; None where Stripe does not say, and for an event."""
        if self.source != Source.SYNC:
            return None
        if name == "object" and value == "created":
            return self.began_at
        at = clock.from_unix(value) if name.endswith(".date") else None
        return at if at and (self.since or at) <= at <= self.at else None

    def rows(self) -> "tuple[list[Requirement], list[StateChange]]":
        """Both kinds of history that follow."""
        return list(_requirements(self)), list(_changes(self))


def change_by_event(event: Event, account_id: str, scope: str) -> ObjectChange:
    """What an event tells. A nested hash in `previous_attributes` names only what changed in it; a list is whole.

    Without them it is compared with what it replaced in the mirror (`event.replaced`), where that is known.
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
    """What a reading of the mirror's `row` found to have changed since it was seen before, at the latest then."""
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
    before, after = _hash(change.old, "requirements"), _hash(change.new, "requirements")
    if change.ended:
        return
    for name in LISTS:
        old, new = _keys(before, name), _keys(after, name)
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
        account_id=change.account_id,
        at=change.at,
        source=change.source,
        source_id=change.source_id,
        since=change.since,
        read_at=change.read_at,
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
        yield _change(change, noun, "object", None if change.old is None else "created", state)
    if change.ended or change.old is None:
        return
    for name in getattr(REGISTRY.get(noun), "watched", ()):
        before, after = _at(change.old, name), _at(change.new, name)
        if before != after:
            yield _change(change, noun, name, before, after)


def _change(change: ObjectChange, noun: str, name: str, before: Any, after: Any) -> StateChange:
    return StateChange(
        account_id=change.account_id,
        at=change.moment_of(name, after) or change.at,
        source=change.source,
        source_id=change.source_id,
        since=change.since,
        read_at=change.read_at,
        subject=str(change.new.get("id", "")),
        noun=noun,
        field=name,
        before=before,
        after=after,
    )


def record(change: ObjectChange) -> None:
    """Write what it tells, once; at most six statements, none where nothing changed."""
    if change.source == Source.SYNC and change.old is None and _is_first_import(change):
        return
    requirements, changes = change.rows()
    tables: tuple[tuple[Any, list[Any]], ...] = ((Requirement, requirements), (StateChange, changes))
    for model, told in tables:
        if told:
            new = _unless_told(model, change, told) if change.source == Source.SYNC else told
            if change.source == Source.EVENT:
                _forget_found(model, change, told)
            model.objects.bulk_create(new, ignore_conflicts=True)


def record_connection(event: Event, account_id: str) -> None:
    """That an account connected to this platform, or left it. What such an event shows is the application."""
    at, left = clock.from_unix(event.created) or clock.now(), event.type.endswith(".deauthorized")
    change = ObjectChange(account_id, None, {"id": account_id}, at, Source.EVENT, event.id)
    said = _change(change, "account", "object", None, "left" if left else "connected")
    if left:  # a reading can only have found it gone
        _forget_found(StateChange, change, [_change(change, "account", "object", None, "deleted")])
    StateChange.objects.bulk_create([said], ignore_conflicts=True)


def _is_first_import(change: ObjectChange) -> bool:
    """Whether it was there when its account was first read; the account's own row says so, the one of its import."""
    if change.new.get("object") == "account":
        first = _change(change, "account", FIRST_READ, None, change.new.get("created"))
        StateChange.objects.bulk_create([first], ignore_conflicts=True)
        return True
    read = StateChange.objects.filter(account=change.account_id, subject=change.account_id, field=FIRST_READ)
    first_at = read.order_by("-at").values_list("at", flat=True).first()
    if first_at is None:
        return False
    return change.began_at <= first_at if change.began_at else change.at <= first_at + LONGEST_IMPORT


# What makes two tellings one, and which of its fields say how it ended.
_SAME = {Requirement: ("scope", "key", "list", "code", "became"), StateChange: ("subject", "field", "after")}


def _told(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _SAME[type(row)])


def _of_object(model: Any, change: ObjectChange) -> Any:
    own = {"scope": change.scope} if model is Requirement else {"subject": str(change.new.get("id", ""))}
    return model.objects.filter(account=change.account_id, **own)


def _forget_found(model: Any, change: ObjectChange, told: Iterable[Any]) -> None:
    """An event knows better when it was: what a reading found of the same change goes."""
    rows = _of_object(model, change).filter(source=Source.SYNC)
    rows = rows.filter(Q(since=None) | Q(since__lte=change.at))
    rows = rows.filter(Q(read_at__gte=change.at) | Q(read_at=None, at__gte=change.at))
    known = {_told(row) for row in told}
    if superseded := [row.pk for row in rows if _told(row) in known]:
        model.objects.filter(pk__in=superseded).delete()


def _unless_told(model: Any, change: ObjectChange, found: list[Any]) -> list[Any]:
    """What a reading found, without what an event has told already: the last that events say of each."""
    rows = _of_object(model, change).filter(source=Source.EVENT, at__lte=change.at)
    last: dict[tuple[Any, ...], Any] = {}
    for row in (rows.filter(at__gte=change.since) if change.since else rows).order_by("at", "id"):
        *what, end = _told(row)
        last[tuple(what)] = end
    return [row for row in found if last.get(_told(row)[:-1], _NOTHING) != _told(row)[-1]]


_NOTHING = object()


def _keys(requirements: Data, name: str) -> dict[str, None]:
    return dict.fromkeys(texts_at(requirements, name))


def _errors(requirements: Data) -> dict[tuple[str, str], Data]:
    """Faults by key and code."""
    named = [error for error in hashes_at(requirements, "errors") if isinstance(error.get("requirement"), str)]
    return {(error["requirement"], str(error.get("code") or "")): error for error in named}


def _hash(data: Data | None, name: str) -> Data:
    value = (data or {}).get(name)
    return value if isinstance(value, dict) else {}


def _at(data: Data, path: str) -> Any:
    """The plain value at a dotted path; None where there is none."""
    value: Any = data
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | bool | None) else None

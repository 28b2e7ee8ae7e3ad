"""What became due, what was met, which state changed: written once for each event, or where a reading found it.

An event tells what was before in `previous_attributes`, so rows do not depend on the order of arrival. What was found
by reading (`sync`) is replaced when the event that tells of it arrives after all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Max

from gateway import client, clock
from gateway.client import Answer
from gateway.mirror import REGISTRY, Mirror, account_model
from gateway.models import Event
from gateway.shapes import hash_at, hashes_at, texts_at

Data = dict[str, Any]

LISTS = ("currently_due", "past_due", "pending_verification", "eventually_due")
COUNTED = 10_000  # tabs and pages count no further than this
LATE = timedelta(days=3)  # Stripe's longest retry: an event may come that much later than what it tells was found


class Source(models.TextChoices):
    """Who told."""

    EVENT = "event", "Event"
    SYNC = "sync", "Found by reading"


class HistoryRow(models.Model):
    """A row that one event, or one reading, brought. `at` is Stripe's clock."""

    account = models.ForeignKey(
        "accounts.Account", db_constraint=False, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=Source)
    source_id = models.CharField(max_length=320)  # the event's id, or sync:<object>:<revision>

    class Meta:
        """Abstract."""

        abstract = True
        default_permissions = ("view",)


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
            models.UniqueConstraint(fields=["source_id", "scope", "key", "list"], name="one_requirement_a_telling"),
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
        indexes = (models.Index(fields=["account", "-at"], name="statechange_account"),)

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

    def rows(self) -> "tuple[list[Requirement], list[StateChange]]":
        """Both kinds of history that follow."""
        return list(_requirements(self)), list(_changes(self))


def change_by_event(event: Event, account_id: str, scope: str) -> ObjectChange:
    """What an event tells. A nested hash in `previous_attributes` names only what changed in it; a list is whole."""
    content = event.payload["data"]
    new, previous = content["object"], content.get("previous_attributes") or {}
    old: Data | None = merged(new, previous)
    # An account's first event is `account.updated` as well: nothing before it, of the second of its birth.
    if not event.type.endswith(".updated") or (not previous and new.get("created") == event.created):
        old = None
    at = clock.from_unix(event.created) or clock.now()
    ended = event.type.endswith(".deleted")
    return ObjectChange(account_id, old, new, at, Source.EVENT, event.id, ended, scope)


def change_by_reading(account_id: str, old: Data | None, new: Data, scope: str, row: Any) -> ObjectChange:
    """What a reading of the mirror's `row` found to have changed, at the latest then."""
    at = clock.from_unix(row.as_of) or clock.now()
    return ObjectChange(account_id, old, new, at, Source.SYNC, f"sync:{row.pk}:{row.revision}", row.gone, scope)


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
    known = {(error.get("requirement"), error.get("code")) for error in _errors(before)}
    for error in _errors(after):
        if (error.get("requirement"), error.get("code")) not in known:
            yield _row(change, error["requirement"], "errors", "due", error=error)


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
        at=change.at,
        source=change.source,
        source_id=change.source_id,
        subject=str(change.new.get("id", "")),
        noun=noun,
        field=name,
        before=before,
        after=after,
    )


def record(change: ObjectChange) -> None:
    """Write what it tells, once; at most four statements, none where nothing changed."""
    requirements, changes = change.rows()
    if requirements:
        _forget_found(Requirement, change, {(row.scope, row.key, row.list, row.became) for row in requirements})
        Requirement.objects.bulk_create(requirements, ignore_conflicts=True)
    if changes:
        _forget_found(StateChange, change, {(row.subject, row.field, row.after) for row in changes})
        StateChange.objects.bulk_create(changes, ignore_conflicts=True)


_SAME = {Requirement: ("scope", "key", "list", "became"), StateChange: ("subject", "field", "after")}


def _forget_found(model: Any, change: ObjectChange, told: set[tuple[Any, ...]]) -> None:
    """An event knows better when it was: what a reading had found of the same change goes."""
    if change.source != Source.EVENT:
        return
    found = model.objects.filter(
        account=change.account_id, source=Source.SYNC, at__gte=change.at, at__lte=change.at + LATE
    ).values_list("pk", *_SAME[model])
    superseded = [pk for pk, *same in found if tuple(same) in told]
    if superseded:
        model.objects.filter(pk__in=superseded).delete()


def _keys(requirements: Data, name: str) -> dict[str, None]:
    return dict.fromkeys(texts_at(requirements, name))


def _errors(requirements: Data) -> list[Data]:
    return [error for error in hashes_at(requirements, "errors") if isinstance(error.get("requirement"), str)]


def _hash(data: Data | None, name: str) -> Data:
    value = (data or {}).get(name)
    return value if isinstance(value, dict) else {}


def _at(data: Data, path: str) -> Any:
    """The plain value at a dotted path; None where there is none."""
    value: Any = data
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | bool | None) else None


Paths = Iterable[tuple[str, str | None]]


class OfAccountQuerySet(models.QuerySet[Any]):
    """Questions that every noun of an account answers."""

    def of_account(self, account_id: str) -> Self:
        """Those of one account."""
        return self.filter(account=account_id)

    def search(self, text: str, *, personal: bool = False) -> Self:
        """By id, which is all that every noun has. `personal`: also by what only some may see."""
        return self.filter(id__startswith=text)

    def with_status(self, status: str) -> Self:
        """Those with this status."""
        return self.filter(status=status)


class OfAccount(Mirror):
    """What belongs to one account. `listed_at` is its list: below the account as the platform sees it
    (`/v1/accounts/{account}/persons`), or in the account's own name (`/v1/issuing/cards`).
    """

    listed_at: ClassVar[str] = ""
    watched: ClassVar[tuple[str, ...]] = ()  # paths of values whose changes history keeps
    capability: ClassVar[str] = ""  # that an account must have asked for: Stripe refuses the list to others

    class Meta(Mirror.Meta):
        """Abstract."""

        abstract = True
        ordering = ("-created", "-id")

    @classmethod
    def count_of(cls, account_id: str) -> int:
        """How many an account has, counted up to COUNTED. One query."""
        return int(cls.objects.filter(account=account_id).order_by()[:COUNTED].count())

    @classmethod
    def list_of(cls, account: str | None) -> tuple[str, str | None]:
        """The path of an account's list, and the Stripe-Account header it wants."""
        return cls.listed_at.format(account=account), None if "{account}" in cls.listed_at else account

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:
        """Below its list."""
        path, header = cls.list_of(account)
        return f"{path}/{row_id}", header

    @classmethod
    def sync_paths(cls, account: str | None) -> Paths:
        """One list an account, where Stripe gives it."""
        given = account and (not cls.capability or asked_for(account, cls.capability))
        return (cls.list_of(account),) if given else ()

    @classmethod
    def refresh_all(cls, account_id: str) -> None:
        """Read the account's whole list; what has changed or vanished is read by itself, so that history tells it."""
        known = {row.pk: row for row in cls.objects.filter(account=account_id, gone_at=None)}
        seen = set()
        path, header = cls.list_of(account_id)
        for page in client.pages(path, account=header):
            for data in page.data["data"]:
                row_id = cls.row_id(data, account_id)
                seen.add(row_id)
                if row_id not in known:
                    cls.absorb_answer(Answer(data, page.sent_at, page.request_id, False), account=account_id)
                elif known[row_id].data != cls.normalise(data):
                    known[row_id].refresh()
        for row_id in known.keys() - seen:
            known[row_id].refresh()

    @classmethod
    def witness(cls, event: Event) -> None:
        """Requirements and states that the event changed."""
        record(change_by_event(event, event.account, str(event.payload["data"]["object"]["id"])))

    @classmethod
    def witness_difference(cls, old: Data | None, new: Data, *, row: Mirror) -> None:
        """The same, found by reading."""
        record(change_by_reading(str(row.account_id), old, new, str(new["id"]), row))

    @classmethod
    def create(cls, *, account_id: str, key: str, params: Data, path: str = "") -> tuple[Self, Answer]:
        """Create one with these parameters of Stripe's. One call. Raises Refused, Unreachable."""
        listed_at, header = cls.list_of(account_id)
        answer = client.post(path or listed_at, params, account=header, key=key)
        return cls.absorb_answer(answer, account=account_id), answer

    def update(self, *, key: str, params: Data, path: str = "") -> tuple[Self, Answer]:
        """Change what is given; "" (None) unsets. One call. Raises Refused, Unreachable."""
        own, header = self.fetch_path(self.id, self.account_id)
        answer = client.post(path or own, params, account=header, key=key)
        return self.absorb_answer(answer, account=self.account_id, revision_before=self.revision), answer


def asked_for(account_id: str, capability: str) -> bool:
    """Whether the account has asked for the capability, as far as we know. One query."""
    data = account_model().objects.filter(pk=account_id).values_list("data", flat=True).first()
    return capability in hash_at(data, "capabilities")

"""The ledger of accepted and cleared terms, and the rules of what may be recorded (docs.stripe.com/issuing/connect).

The 29-day rule: an application that Issuing has not taken up in time loses its acceptance, and Stripe asks for a new
one. Stripe then forgets who had accepted what, and when; this ledger does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models

from accounts.history.models import ObjectChange, Source
from accounts.requirements.models import keys_due
from accounts.terms.words import AGREEMENTS, HOW_SHORT, ISSUING, PATHS, SERVICES
from console.operations import verbs
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import masking
from console.people.models import User
from console.record.models import AppendOnly, AppendOnlyQuerySet
from gateway import clock, inserting
from gateway.shapes import hash_at

Data = dict[str, Any]


class AcceptanceQuerySet(AppendOnlyQuerySet):
    """Questions about the ledger, by name."""

    def of(self, account_id: str) -> "AcceptanceQuerySet":
        """One account's, oldest first."""
        return self.filter(account=account_id).order_by("at", "id")

    def last_clearing(self, account_id: str, agreement: str) -> datetime | None:
        """When Stripe last cleared this agreement's acceptance. One query."""
        cleared = self.filter(account=account_id, agreement=agreement, kind=Acceptance.Kind.CLEARED)
        found: datetime | None = cleared.aggregate(at=models.Max("at"))["at"]
        return found


SIGNATURE = ("ip", "user_agent", "by_whom", "evidence")  # of who accepted, and how that is known


class Acceptance(AppendOnly):
    """One acceptance, or one clearing of an acceptance. Every acceptance stands here once and is cleared at most once.

    Dates are Stripe's clock. `accepted_at` is when the holder accepted (of a clearing: what was cleared), `at` when it
    was recorded, seen, or cleared. What nobody recorded here was accepted in Stripe's form or through another program.
    """

    class Kind(models.TextChoices):
        """What happened."""

        ACCEPTED = "accepted", "Accepted"
        CLEARED = "cleared", "Cleared by Stripe"

    account = models.ForeignKey(
        "accounts.Account", db_constraint=False, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=16, choices=Kind)
    agreement = models.CharField(max_length=16, choices=list(AGREEMENTS.items()))
    accepted_at = models.DateTimeField()
    at = models.DateTimeField()
    ip = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=500, blank=True)
    obtained_how = models.CharField(
        max_length=32, blank=True
    )  # of HOW, or TEST_VALUES; "" where staff did not record it
    by_whom = models.CharField(max_length=255, blank=True)
    evidence = models.CharField(max_length=500, blank=True)
    operation = models.CharField(max_length=64, blank=True)  # the operation's id
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=16)  # operation, or of accounts.history.models.Source
    source_id = models.CharField(max_length=320)  # the operation's or event's id, or sync:<object>:<revision>

    objects = AcceptanceQuerySet.as_manager()

    class Meta:
        """Read by account, oldest first."""

        ordering = ("at", "id")
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=["account", "agreement", "kind", "accepted_at"], name="one_acceptance"),
        )

    def __str__(self) -> str:
        """Return what happened to which agreement."""
        return f"{self.agreement} {self.kind}"

    @property
    def how(self) -> str:
        """How it was obtained, in a few words."""
        return HOW_SHORT.get(self.obtained_how, self.obtained_how)


def terms(data: Data | None, agreement: str) -> Data:
    """The account's `tos_acceptance` hash of this agreement; empty where Stripe sends none."""
    return hash_at(data, PATHS[agreement])


def due(account: Data | None) -> list[str]:
    """The agreements that Stripe asks for now."""
    keys = keys_due(account)
    return [name for name, path in PATHS.items() if any(key.startswith(f"{path}.") for key in keys)]


def accepted_on(data: Data | None, agreement: str) -> datetime | None:
    """When it was accepted; None where it is not, or was cleared."""
    seconds = terms(data, agreement).get("date")
    return clock.from_unix(seconds) if isinstance(seconds, int) else None


def params(agreements: Iterable[str], signed: Data) -> Data:
    """The body that records the same signature (`date`, `ip`, `user_agent`) under each agreement."""
    chosen = set(agreements)
    issuing = {"settings": {"card_issuing": {"tos_acceptance": dict(signed)}}} if ISSUING in chosen else {}
    return {**issuing, **({"tos_acceptance": dict(signed)} if SERVICES in chosen else {})}


def window() -> timedelta:
    """How long Issuing takes at most to decide on a complete application, before Stripe clears its terms."""
    return timedelta(days=29) if settings.CONSOLE_MODE == "live" else timedelta(hours=1)


def window_words() -> str:
    """The window as staff say it."""
    return f"{window().days} days" if window().days else "one hour"


@dataclass(frozen=True)
class Signature:
    """What Stripe does not keep of an acceptance that staff recorded."""

    obtained_how: str
    by_whom: str
    evidence: str


class SigningVerb(Verb):
    """A verb that records acceptances."""

    def signature(self, operation: Operation) -> tuple[int, list[str], Signature]:
        """What the operation records: the unix second, the agreements, and how the acceptance was obtained."""
        raise NotImplementedError(self.name)


def recorded(operation: Operation, data: Data, agreements: Iterable[str], signature: Signature) -> None:
    """Write what this operation recorded, once: two queries an agreement."""
    for agreement in agreements:
        accepted_at = accepted_on(data, agreement)
        if accepted_at:
            _write(_by(operation, data, agreement, accepted_at, signature))


def _by(operation: Operation, data: Data, agreement: str, accepted_at: datetime, signature: Signature) -> Acceptance:
    return Acceptance(
        kind=Acceptance.Kind.ACCEPTED,
        at=clock.from_unix(operation.first_tried_at) or clock.now(),
        obtained_how=signature.obtained_how,
        by_whom=signature.by_whom[:255],
        evidence=signature.evidence[:500],
        operation=str(operation.pk),
        recorded_by=operation.user,
        source="operation",
        source_id=str(operation.pk),
        **_signed(operation.account_id, agreement, accepted_at, terms(data, agreement)),
    )


def _signed(account_id: str, agreement: str, accepted_at: datetime, signed: Data) -> Data:
    return {
        "account_id": account_id,
        "agreement": agreement,
        "accepted_at": accepted_at,
        "ip": str(signed.get("ip") or "")[:64],
        "user_agent": str(signed.get("user_agent") or "")[:500],
    }


def witness(*changes: ObjectChange) -> None:
    """Write each acceptance and each clearing that an event or readings show, once: at most three statements."""
    shown = [each for change in changes if not change.ended for each in _shown(change)]
    _write(*_ours_or_seen(shown))


@dataclass(frozen=True)
class Shown:
    """An acceptance, or a clearing, that a change shows."""

    change: ObjectChange
    agreement: str
    accepted_at: datetime
    kind: str


def _shown(change: ObjectChange) -> Iterable[Shown]:
    for agreement in AGREEMENTS:
        before, after = accepted_on(change.old, agreement), accepted_on(change.new, agreement)
        if after and after != before:
            yield Shown(change, agreement, after, Acceptance.Kind.ACCEPTED)
        elif before and not after:
            yield Shown(change, agreement, before, Acceptance.Kind.CLEARED)


def _seen(shown: Shown) -> Acceptance:
    change, accepted = shown.change, shown.kind == Acceptance.Kind.ACCEPTED
    return Acceptance(
        kind=shown.kind,
        at=shown.accepted_at if accepted and change.source == Source.SYNC else change.at,
        source=str(Source(change.source)),
        source_id=change.source_id,
        **_signed(
            change.account_id,
            shown.agreement,
            shown.accepted_at,
            terms((change.new if accepted else change.old) or {}, shown.agreement),
        ),
    )


def _ours_or_seen(shown: list[Shown]) -> list[Acceptance]:
    """Each as the operation recorded it, if one did: its answer may have been lost. One query."""
    accepted = {each.change.account_id for each in shown if each.kind == Acceptance.Kind.ACCEPTED}
    signing = {verb.name: verb for verb in verbs.every() if isinstance(verb, SigningVerb)}
    asked = Operation.objects.filter(account_id__in=accepted, verb__in=signing).exclude(
        state__in=(Operation.State.REFUSED, Operation.State.DROPPED)
    )
    ours: dict[tuple[str, str, int], tuple[Operation, Signature]] = {}
    for operation in asked.select_related("user") if accepted else ():
        date, agreements, signature = signing[operation.verb].signature(operation)
        for agreement in agreements:
            ours.setdefault((operation.account_id, agreement, date), (operation, signature))
    return [_row(each, ours) for each in shown]


def _row(shown: Shown, ours: dict[tuple[str, str, int], tuple[Operation, Signature]]) -> Acceptance:
    found = ours.get((shown.change.account_id, shown.agreement, int(shown.accepted_at.timestamp())))
    if found is None or shown.kind != Acceptance.Kind.ACCEPTED:
        return _seen(shown)
    return _by(found[0], shown.change.new, shown.agreement, shown.accepted_at, found[1])


UNIQUE = ("account_id", "agreement", "kind", "accepted_at")


def _write(*rows: Acceptance) -> None:
    """Insert those that are not there."""
    known = Acceptance.objects.filter(account__in={row.account_id for row in rows}).values_list(*UNIQUE)
    there = set(known) if rows else set()
    inserting.add(Acceptance, [row for row in rows if tuple(getattr(row, name) for name in UNIQUE) not in there])


def shown(account_id: str, *, may_see: bool) -> list[Acceptance]:
    """Acceptances and clearings of an account's terms, oldest first, masked without `may_see`. One query."""
    rows = list(Acceptance.objects.of(account_id).select_related("recorded_by"))
    for row in rows:
        seen = masking.masked({name: getattr(row, name) for name in SIGNATURE}, may_see=may_see)
        for name, value in seen.items():
            setattr(row, name, value)
    return rows


def agreements(data: Any, rows: list[Acceptance], *, decides: bool, may_see: bool) -> list[dict[str, Any]]:
    """Each agreement: its name, its acceptance, and, while Issuing `decides`, by when it has to.

    `cleared` is the last row about it: a clearing, or an acceptance.
    """
    found = []
    for name, label in AGREEMENTS.items():
        accepted_at = accepted_on(data, name)
        signed = masking.masked(terms(data or {}, name), may_see=may_see)
        until = accepted_at + window() if accepted_at and decides and name == ISSUING else None
        last = next((row for row in rows[::-1] if row.agreement == name), None)
        found.append(
            {"label": label, "accepted_at": accepted_at, "signed": signed, "decides_until": until, "cleared": last}
        )
    return found

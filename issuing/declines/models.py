"""What is known of one request to pay, as it was then: read from the mirror, so as complete as the import is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.account.words import NAME, Off, why_off
from accounts.capabilities.models import Capability
from accounts.history.models import FIRST_READ, StateChange
from accounts.issuing_off.models import REASON, STATES, STATUS, off_at
from gateway import clock
from gateway.mirror import related
from gateway.shapes import hash_at, hashes_at, integer_at, text_at, texts_at, value_at
from issuing.authorizations.models import Authorization, last_request
from issuing.balances.models import BalanceTransaction
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.controls import words
from issuing.transactions.models import Transaction

Data = dict[str, Any]

DAILY_DEFAULT: Data = {"amount": words.DEFAULT_DAILY, "interval": "daily", "categories": None}


@dataclass(frozen=True)
class Use:
    """Earlier approved authorizations of one day (UTC): what they still held or had captured, in minor units."""

    card_id: str
    amount: int
    created: datetime
    category: str
    number: int = 1


@dataclass(frozen=True)
class Facts:
    """What is known of one request, as it was then. `None` is not known; amounts are in minor units."""

    request: Data  # of request_history
    at: datetime
    currency: str
    category: str = ""
    country: str = ""
    presence: str = ""
    method: str = ""
    checks: Data = field(default_factory=dict)
    capability: str | None = None  # status of card_issuing then
    off: Off | None = None  # why Issuing was off then, of a request that was declined for it
    off_now: Off | None = None  # and why it still is
    card_id: str = ""
    last4: str = ""
    card_status: str | None = None
    expires: tuple[int, int] | None = None  # year, month
    cardholder_status: str | None = None
    cardholder_reason: str | None = None  # requirements.disabled_reason then, "" for none
    card_controls: Data | None = None  # as they are now
    cardholder_controls: Data | None = None
    uses: tuple[Use, ...] = ()  # of all cards of the cardholder, as far back as their limits look
    available: int | None = None  # of the Issuing balance, just before

    @property
    def amount(self) -> int:
        """What this request asked for, in minor units."""
        return integer_at(self.request, "amount") or 0

    @property
    def why(self) -> str:
        """Stripe's word for it."""
        return text_at(self.request, "reason")


@dataclass(frozen=True)
class Meter:
    """One spending limit at that time, and what of it was used, in minor units."""

    limit: Data
    owner: str  # card, cardholder
    used: int
    authorizations: int

    @property
    def left(self) -> int:
        """What it still allowed, never below zero."""
        return max(int(self.limit["amount"]) - self.used, 0)

    def stops(self, amount: int) -> bool:
        """Whether this amount goes over it."""
        return self.used + amount > int(self.limit["amount"])


def window_start(interval: str, at: datetime) -> datetime | None:
    """When the interval around `at` began: at midnight UTC, a week on Sunday; None for one without a beginning."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "daily": midnight,
        "weekly": midnight - timedelta(days=(midnight.weekday() + 1) % 7),
        "monthly": midnight.replace(day=1),
        "yearly": midnight.replace(month=1, day=1),
    }
    return starts.get(interval)


def window_end(interval: str, at: datetime) -> datetime | None:
    """When that interval ends; None for one without an end."""
    start = window_start(interval, at)
    if start is None:
        return None
    if interval in ("daily", "weekly"):
        return start + timedelta(days=1 if interval == "daily" else 7)
    if interval == "monthly":
        return (start + timedelta(days=32)).replace(day=1)
    return start.replace(year=start.year + 1)


def limits(facts: Facts) -> Iterator[tuple[Data, str]]:
    """Every spending limit that counts for this category, with whose it is."""
    for found, owner in ((facts.card_controls, "card"), (facts.cardholder_controls, "cardholder")):
        for each in hashes_at(found, "spending_limits"):
            names = texts_at(each, "categories")
            if integer_at(each, "amount") is not None and (not names or facts.category in names):
                yield each, owner


def meters(facts: Facts) -> list[Meter]:
    """Every limit with its use: first those that the request exceeds, then by what is left."""
    found = [meter(facts, each, owner) for each, owner in limits(facts)]
    return sorted(found, key=lambda each: (not each.stops(facts.amount), each.left))


def meter(facts: Facts, limit: Data, owner: str) -> Meter:
    """One limit with what earlier authorizations used of it."""
    interval, names = text_at(limit, "interval"), texts_at(limit, "categories")
    if interval == "per_authorization":
        return Meter(limit, owner, 0, 0)
    start = window_start(interval, facts.at)
    counted = [
        use
        for use in facts.uses
        if (owner == "cardholder" or use.card_id == facts.card_id)
        and (start is None or use.created >= start)
        and (not names or use.category in names)
    ]
    return Meter(limit, owner, sum(use.amount for use in counted), sum(use.number for use in counted))


OFF = "account_disabled"  # Stripe's word for Issuing that is off
MOST_USES = 5_000  # earlier authorizations are counted no further back than this


def facts_of(authorization: Authorization, *, may_see: bool = False) -> Facts:
    """What is known of its last request, with the card and the cardholder as they were then. Three queries.

    At most two more where Issuing was off. The row is read `with_account`; `may_see` personal data that Stripe wrote.
    """
    data: Data = authorization.data or {}
    request = last_request(data)
    asked_at = value_at(request, "requested_at") or value_at(request, "created")
    at = clock.from_unix(asked_at) or authorization.created or clock.now()
    card: Card | None = related(authorization, "card")
    cardholder: Cardholder | None = related(authorization, "cardholder")
    card_data: Data = (card.data if card else None) or {}
    holder_data: Data = (cardholder.data if cardholder else None) or {}
    changes = _changes(authorization, at)
    was, account = _states(changes, at), related(authorization, "account")
    whole: Data = (account.data if account else None) or {}
    own: Data | None = authorization.issuing  # type: ignore[attr-defined]
    is_off = bool(whole) and text_at(request, "reason") == OFF
    return Facts(
        request=request,
        at=at,
        currency=authorization.currency,
        category=authorization.category,
        country=text_at(data, "merchant_data.country"),
        presence=text_at(data, "card_presence"),
        method=text_at(data, "authorization_method"),
        checks=hash_at(data, "verification_data"),
        capability=was(NAME, STATUS, text_at(own, "status") or None),
        off=off_at(at, whole, own, changes, may_see=may_see) if is_off else None,
        off_now=why_off(whole, own) if is_off else None,
        card_id=authorization.card_id or "",
        last4=card.last4 if card else "",
        card_status=was(authorization.card_id, STATUS, card.status if card else None),
        expires=card.expires if card else None,
        cardholder_status=was(authorization.cardholder_id, STATUS, cardholder.status if cardholder else None),
        cardholder_reason=was(authorization.cardholder_id, REASON, cardholder.disabled_reason if cardholder else ""),
        card_controls=hash_at(card_data, "spending_controls"),
        cardholder_controls=hash_at(holder_data, "spending_controls"),
        uses=tuple(_uses(authorization, at, card_data, holder_data)),
        available=available(authorization, at),
    )


def with_account(rows: QuerySet[Authorization]) -> QuerySet[Authorization]:
    """Each with its account and, as `issuing`, what Stripe sent of the account's card_issuing, in the same query."""
    own = Capability.objects.filter(account=OuterRef("account_id"), name=NAME, gone_at=None).values("data")[:1]
    return rows.select_related("account").annotate(issuing=Subquery(own))


def _changes(authorization: Authorization, at: datetime) -> list[StateChange]:
    """What is known of the states of all that decides, round that moment, oldest first. One query."""
    account = authorization.account_id
    subjects = [each for each in (account, NAME, authorization.card_id, authorization.cardholder_id) if each]
    found = StateChange.objects.filter(account=account, subject__in=subjects, field__in=(STATUS, REASON, FIRST_READ))
    before, after = found.filter(at__lte=at).order_by("-at", "-id"), found.filter(at__gt=at).order_by("at", "id")
    return list(StateChange.objects.of_any(before[:STATES], after[:STATES]))


def _states(changes: list[StateChange], at: datetime) -> Any:
    """`was(subject, field, now)`: a value as it was then, taken from the first change after that."""
    first: dict[tuple[str, str], Any] = {}
    for change in changes:
        if change.at > at:
            first.setdefault((change.subject, change.field), change.before)

    def was(subject: str | None, field: str, now: Any) -> Any:
        value = first.get((subject or "", field), now)
        return (value or "") if field == REASON else value

    return was


def _uses(authorization: Authorization, at: datetime, *owners: Data) -> Iterable[Use]:
    """Earlier approved authorizations with all cards of the cardholder, as far back as a limit of the owners looks.

    What is held, and what was captured. Earlier requests of this very authorization count as well: an increment asks
    for more. One query.
    """
    limits = [each for data in owners for each in hashes_at(data, "spending_controls.spending_limits")]
    intervals = {"daily", *(text_at(each, "interval") for each in limits)} - {"per_authorization"}
    starts = [window_start(interval, at) for interval in intervals]
    since = None if None in starts else min(start for start in starts if start)
    rows = Authorization.objects.approved_before(authorization, at, since)
    found = rows.annotate(captured=Transaction.objects.captured())
    names = ("card_id", "created", "category", "status", "amount", "captured")
    yield from _by_day(found.values_list(*names)[:MOST_USES])
    for each in hashes_at(authorization.data, "request_history")[:-1]:
        amount = integer_at(each, "amount")
        if each.get("approved") and amount is not None:
            created = clock.from_unix(each.get("created")) or at
            yield Use(authorization.card_id or "", amount, created, authorization.category)


def _by_day(rows: Iterable[tuple[Any, ...]]) -> Iterator[Use]:
    """What they held or had captured, together where card, category and day are the same: windows begin at midnight."""
    days: dict[tuple[str, str, date], tuple[int, int, datetime]] = {}
    for card_id, created, category, status, held, captured in rows:
        taken = -(captured or 0)
        amount, number, _ = days.get(day := (card_id or "", category, created.date()), (0, 0, created))
        days[day] = (amount + (max(held, taken) if status == "pending" else taken), number + 1, created)
    for (card_id, category, _), (amount, number, created) in days.items():
        yield Use(card_id, amount, created, category, number)


def available(authorization: Authorization, at: datetime) -> int | None:
    """The Issuing balance just before, in minor units; None while none is imported. One query.

    Balance transactions of the same second may have come before or after. They count where only that explains a
    decline.
    """
    rows = BalanceTransaction.objects.of_issuing(authorization.account_id or "").in_currency(authorization.currency)
    before, within = rows.before(at, authorization.pk)
    if authorization.reason != "insufficient_funds" or (before is not None and before < authorization.requested):
        return before
    return within if within is not None and within < authorization.requested else before

"""Balances and balance transactions, as Stripe last sent them (docs.stripe.com/api/balance)."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Self
from uuid import uuid4

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import TruncDate

from accounts.account.models import Account
from accounts.of_account.models import OfAccount
from gateway import back_off, client, clock, mirror, queue, reading
from gateway.claims import Claimed, ClaimedQuerySet
from gateway.errors import Refused, Unreachable
from gateway.mirror import Mirror, VisibleManager
from gateway.models import Event
from gateway.shapes import hashes_at, integer_at, shown_at, text_at
from issuing.authorizations.models import Authorization
from issuing.cards.models import Card

Data = dict[str, Any]
logger = logging.getLogger(__name__)


class BalanceTransactionQuerySet(models.QuerySet["BalanceTransaction"]):
    """Questions about the books of an account."""

    def of_issuing(self, account_id: str) -> Self:
        """Balance transactions of the Issuing balance, which cards spend from."""
        return self.filter(account=account_id, balance_type="issuing")

    def sums(self, account_id: str, currency: str) -> dict[str, int]:
        """`{"funded", "spent", "held", "available"}` in minor units; available + held = funded - spent. One query."""
        rows = self.of_issuing(account_id).filter(currency=currency).values_list("type").annotate(sum=Sum("net"))
        found = {name: total or 0 for name, total in rows.order_by("type")}
        held = -sum(found.get(f"issuing_authorization_{each}", 0) for each in ("hold", "release"))
        spent = -found.get("issuing_transaction", 0)
        funded = sum(found.values()) + held + spent
        return {"funded": funded, "spent": spent, "held": held, "available": sum(found.values())}

    def of_account(self, account_id: str) -> Self:
        """Balance transactions of all balances of an account."""
        return self.filter(account=account_id)

    def in_currency(self, currency: str) -> Self:
        """Those in one currency."""
        return self.filter(currency=currency)

    def before(self, at: datetime, source: str) -> tuple[int | None, int | None]:
        """(sum before that second, sum including it), without the rows of one source; None for no rows. One query."""
        rows = self.filter(created__lte=at).exclude(source=source)
        found = rows.aggregate(before=Sum("net", filter=Q(created__lt=at)), within=Sum("net"))
        return found["before"], found["within"]

    def by_day(self, since: datetime) -> dict[date, tuple[int, int]]:
        """{day (UTC): (money that came in, change of the balance)} in minor units. Holds are no money that comes in."""
        came_in = Sum("net", filter=Q(net__gt=0) & ~Q(type__startswith="issuing_authorization_"), default=0)
        days = self.filter(created__gte=since).order_by().values_list(TruncDate("created"))
        return {day: (came, change) for day, came, change in days.annotate(came=came_in, change=Sum("net"))}


class BalanceTransaction(OfAccount):
    """One balance transaction (docs.stripe.com/api/balance_transactions). Stripe sends no events for them."""

    stripe_object = "balance_transaction"
    listed_at = "/v1/balance_transactions"
    capability = "card_issuing"

    balance_type = models.CharField(max_length=32, blank=True)
    type = models.CharField(max_length=64, blank=True)
    net = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=8, blank=True)
    source = models.CharField(max_length=255, blank=True)

    objects = VisibleManager.from_queryset(BalanceTransactionQuerySet)()  # type: ignore[misc]

    class Meta(OfAccount.Meta):
        """Summed by account, listed newest first."""

        indexes = (
            models.Index(
                fields=["account", "created", "id", "balance_type", "currency", "type", "net", "source"],
                name="movement_books",  # holds all that is summed, so that the rows themselves are not read
                condition=Q(data__isnull=False),
            ),
        )

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.balance_type, self.type = shown_at(data, "balance_type")[:32], shown_at(data, "type")[:64]
        self.net, self.currency = integer_at(data, "net") or 0, text_at(data, "currency")[:8]
        self.source = text_at(data, "source")[:255]

    @classmethod
    def witness_differences(cls, found: Sequence[mirror.Difference]) -> None:
        """Nothing: the object that caused it has a history of its own."""


class Balance(Mirror):
    """The balances of one account (docs.stripe.com/api/balance). Its id is `{account}.balance`."""

    stripe_object = "balance"

    available = models.BigIntegerField(null=True)  # of the Issuing balance, as `issuing` says; null for none

    class Meta(Mirror.Meta):
        """What is used up is found without looking at what is not."""

        indexes = (
            models.Index(fields=["account"], name="balance_used_up", condition=Q(available__lte=0, data__isnull=False)),
        )

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        self.available = self.issuing(self.currency())

    @classmethod
    def row_id(cls, data: Data, account: str | None) -> str:  # noqa: ARG003
        """Stripe gives it none."""
        return f"{account}.balance"

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:  # noqa: ARG003
        """In the account's name."""
        return "/v1/balance", account

    def issuing(self, currency: str) -> int | None:
        """What cards can spend, in minor units; None where the account has no Issuing balance."""
        return _amount(self.data, "issuing.available", currency)

    def payments(self, currency: str) -> int | None:
        """What the payments balance has available, in minor units."""
        return _amount(self.data, "available", currency)

    def pending(self, currency: str) -> int | None:
        """What is on its way into the payments balance, in minor units."""
        return _amount(self.data, "pending", currency)

    def currency(self) -> str:
        """The currency of the Issuing balance, else of the payments balance; "" where Stripe sent neither."""
        found = [*hashes_at(self.data, "issuing.available"), *hashes_at(self.data, "available")]
        return text_at(found[0], "currency") if found else ""


def _amount(data: Data | None, path: str, currency: str) -> int | None:
    found = [integer_at(each, "amount") for each in hashes_at(data, path) if each.get("currency") == currency]
    return found[0] if found else None


DAY = timedelta(days=1)
MOST_SHORT = 1_000  # no queue counts further
REFUSED = Q(approved=False, reason="insufficient_funds")
SOON = timedelta(days=2)  # a balance that lasts longer than this needs nobody today


@dataclass(frozen=True)
class Shortage:
    """An Issuing balance that is too small or runs out. Amounts in minor units; `at` None: cards are declined now."""

    account: Account
    currency: str
    available: int
    spent: int  # approved in the last 24 hours
    at: datetime | None


def runs_out(available: int, spent: int, now: datetime) -> datetime | None:
    """When a balance is used up at the rate of the last 24 hours; None where nothing was spent, or nothing is left."""
    return now + DAY * (available / spent) if available > 0 and spent > 0 else None


def shortages(account_id: str = "") -> list[Shortage]:
    """Of accounts with active cards whose card_issuing is active: declined ones first, then soonest. One query.

    With an account's id that one's alone.
    """
    now = clock.now()
    active = Card.objects.with_status("active").filter(account=OuterRef("account")).order_by()
    recent = Authorization.objects.filter(account=OuterRef("account"), created__gte=now - DAY).order_by()
    used = recent.filter(approved=True).values("account").annotate(used=Sum("amount")).values("used")
    asked = Balance.objects.filter(account=account_id) if account_id else _perhaps_short(now)
    rows = asked.filter(Exists(active), account__card_issuing__status="active", account__gone_at=None).annotate(
        used=Subquery(used), refused=Exists(recent.filter(REFUSED))
    )
    found = []
    for balance in rows.select_related("account").order_by("account")[:MOST_SHORT]:
        currency = balance.currency()
        known = balance.issuing(currency)
        available, used_up = known or 0, known is not None and known <= 0
        spent, refused = balance.used or 0, balance.refused
        at = None if refused else runs_out(available, spent, now)
        if balance.account and (used_up or refused or (at and at - now < SOON)):
            found.append(Shortage(balance.account, currency, available, spent, at))
    return sorted(found, key=lambda each: each.at or now)


def _perhaps_short(now: datetime) -> models.QuerySet[Balance]:
    """Balances that are used up, and those of accounts of which something was declined, or much spent, of late."""
    recent = Authorization.objects.filter(created__gte=now - DAY).order_by().values("account")
    left = Balance.objects.filter(account=OuterRef("account")).values("available")[:1]
    spenders = recent.annotate(
        refused=Count("pk", filter=REFUSED), used=Sum("amount", filter=Q(approved=True)), left=Subquery(left)
    ).filter(Q(refused__gt=0) | Q(left__lt=F("used") * SOON.days))
    used_up = Balance.objects.filter(available__lte=0).values("account")
    return Balance.objects.filter(account__in=used_up.union(spenders.values("account")))


MOVING = (
    "issuing_authorization.",
    "issuing_transaction.",
    "topup.",
    "balance.",
    "issuing_dispute.",
    "payout.",
)
READ_DUE = "issuing.balances.models.read_due"  # the task
TURN = 5.0  # seconds after which it lets other tasks have their turn
TRIES = 8  # times that funds are read before they are left to the next event: about ten minutes
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0  # seconds between two tries
MOST_PAGES = 20  # of balance transactions that are held at once


class FundsDue(Claimed):
    """An account whose money has moved since its funds were read; gone once they are read.

    Many events of an account are one row, so one reading. `token` tells whether it was asked for again meanwhile.
    """

    waiting = Q(token__isnull=False)
    swept_by = "issuing.balances.models.sweep"

    account = models.CharField(max_length=255, unique=True)
    token = models.UUIDField()

    objects = ClaimedQuerySet.as_manager()

    class Meta(Claimed.Meta):
        """Nobody's list."""

        default_permissions = ()

    def __str__(self) -> str:
        """Return the account's id."""
        return self.account


def on_events(events: list[Event]) -> None:
    """After events that move money: have the funds of their accounts read, each account's once."""
    accounts = set()
    for event in events:
        issuing_begins = event.object_key == f"capability:{event.account}.card_issuing"
        if event.account and (issuing_begins or event.type.startswith(MOVING)):
            accounts.add(event.account)
    if accounts:
        due = [FundsDue(account=account, token=uuid4()) for account in sorted(accounts)]
        FundsDue.objects.bulk_create(due, update_conflicts=True, unique_fields=["account"], update_fields=["token"])
        queue.ask(READ_DUE)


def sweep() -> int:
    """For gateway.sweep: have the funds read that are due and that no task came for. How many are due."""
    number = FundsDue.objects.due().count()
    if number:
        queue.ask(READ_DUE)
    return number


def read_due() -> int:
    """The task: read the funds that are due, of many accounts at once; of how many accounts."""
    queue.begun(READ_DUE)
    number, end = 0, time.monotonic() + TURN
    while time.monotonic() < end:
        claimed = FundsDue.objects.due().order_by("pk")
        rows = claimed.claim(limit=reading.AT_ONCE, skip_locked=True, attempts=F("attempts") + 1)
        if not rows:
            return number
        number += _work_off(rows, end)
    queue.enqueue(READ_DUE)
    return number


def _work_off(rows: list[FundsDue], end: float) -> int:
    """Read the funds of claimed rows and delete these, but for what is to be tried again; how many were read."""
    outcomes = read_many([row.account for row in rows], end)
    over = []
    for row in rows:
        outcome, tries = outcomes[row.account], row.attempts + 1
        mine = FundsDue.objects.filter(pk=row.pk).held()
        if isinstance(outcome, reading.NotAsked):
            mine.release()
        elif isinstance(outcome, Unreachable) and tries < TRIES:
            wait = back_off.pause(tries, first=FIRST_PAUSE, longest=LONGEST_PAUSE, named=outcome.retry_after)
            mine.pause(wait)
        else:
            over.append(row)
            if not isinstance(outcome, int):
                logger.warning("funds of %s were not read: %s", row.account, outcome)
    FundsDue.objects.filter(token__in=[row.token for row in over]).delete()
    asked_again = FundsDue.objects.filter(pk__in=[row.pk for row in over]).held()
    asked_again.put_off(None, attempts=0)
    return sum(isinstance(outcomes[row.account], int) for row in over)


def read_funds(account_id: str) -> int:
    """Read both balances, and the balance transactions since those we know; how many were new. Two calls as a rule.

    Raises Refused, Unreachable.
    """
    outcome = read_many([account_id])[account_id]
    if isinstance(outcome, int):
        return outcome
    raise outcome


def read_many(account_ids: Sequence[str], end: float = float("inf")) -> dict[str, int | reading.Failure]:
    """The same for many accounts at once, written together: {account: how many were new, or why it was not read}."""
    ids = {account_id: f"{account_id}.balance" for account_id in account_ids}
    known = reading.revisions(Balance, list(ids.values()))
    calls = [partial(_ask, account_id, known[row_id]) for account_id, row_id in ids.items()]
    answers = dict(zip(account_ids, reading.at_once(calls, end), strict=True))
    found = {account_id: answer for account_id, answer in answers.items() if isinstance(answer, tuple)}
    outcome: dict[str, int | reading.Failure] = {
        account_id: answer for account_id, answer in answers.items() if not isinstance(answer, tuple)
    }
    again = reading.write(Balance, [balance for balance, _ in found.values()]) if found else []
    joined = _joined([(account_id, page) for account_id, (_, page) in found.items() if page])
    new = _write_new([(account_id, page) for account_id, (_, page) in found.items() if account_id in joined and page])
    for account_id, (balance, page) in found.items():
        try:
            if balance in again:
                mirror.fetch_row(Balance, balance.row_id, account_id)
            whole = account_id in joined or page is None
            outcome[account_id] = new[account_id] if whole else _read_since(account_id)
        except (Refused, Unreachable) as failure:
            outcome[account_id] = failure
    return outcome


def _ask(account_id: str, revision: int) -> tuple[reading.Read, client.Answer | None]:
    """An account's balances, and the newest page of its balance transactions where it has balances still."""
    data, sent_at = mirror.read(Balance, f"{account_id}.balance", account_id)
    balance = reading.Read(f"{account_id}.balance", account_id, data, sent_at, revision)
    return balance, None if data is None else next(client.pages(BalanceTransaction.listed_at, account=account_id))


def _joined(pages: Sequence[tuple[str, client.Answer]]) -> set[str]:
    """The accounts whose newest page leaves no gap to what is known: it shows some of it, or all there is."""
    shown = [data["id"] for _, page in pages for data in page.data["data"]]
    known = set(BalanceTransaction.every.filter(pk__in=shown).values_list("pk", flat=True))
    return {
        account_id
        for account_id, page in pages
        if not page.data.get("has_more") or any(data["id"] in known for data in page.data["data"])
    }


def _read_since(account_id: str) -> int:
    """Read what is newer than the newest that is known, oldest page first, so that no interruption leaves a gap.

    Of an account of which none is known, all pages up to MOST_PAGES; a longer list is left to sync.
    """
    path, known = BalanceTransaction.listed_at, BalanceTransaction.every.filter(account=account_id)
    newest = known.order_by("-created").values_list("pk", flat=True).first()
    if newest:
        pages = client.newer_pages(path, account=account_id, before=newest)
        return sum(_write_new([(account_id, page)])[account_id] for page in pages)
    found = list(islice(client.pages(path, account=account_id), MOST_PAGES))
    if found[-1].data.get("has_more"):
        logger.warning("%s has more balance transactions than are read after an event: sync reads them", account_id)
        return 0
    return sum(_write_new([(account_id, page)])[account_id] for page in reversed(found))


def _write_new(pages: Sequence[tuple[str, client.Answer]]) -> dict[str, int]:
    """Write the balance transactions of these pages that are not known; how many of each account."""
    shown = {data["id"]: (account, data, page.sent_at) for account, page in pages for data in page.data["data"]}
    known = set(BalanceTransaction.every.filter(pk__in=shown).values_list("pk", flat=True))
    kept = partial(mirror.kept, BalanceTransaction)
    new = [
        reading.Read(row_id, account, kept(data), sent_at)
        for row_id, (account, data, sent_at) in shown.items()
        if row_id not in known
    ]
    if new:
        reading.write(BalanceTransaction, new)
    return Counter(read.account or "" for read in new)

"""Balances and balance transactions, as Stripe last sent them (docs.stripe.com/api/balance)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import TruncDate

from accounts.account.models import Account
from accounts.of_account.models import OfAccount
from gateway import clock, mirror
from gateway.mirror import Mirror, VisibleManager
from gateway.shapes import hashes_at, integer_at, shown_at, text_at
from issuing.authorizations.models import Authorization
from issuing.cards.models import Card

Data = dict[str, Any]


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

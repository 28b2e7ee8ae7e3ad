"""Balances and balance transactions, as Stripe last sent them (docs.stripe.com/api/balance)."""

from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import TruncDate

from gateway.mirror import Mirror, VisibleManager
from gateway.shapes import hashes_at, integer_at, text_at
from issuing.base import OfIssuing

Data = dict[str, Any]


class MovementQuerySet(models.QuerySet["BalanceTransaction"]):
    """Questions about the books of an account."""

    def of_issuing(self, account_id: str) -> Self:
        """Movements of what cards can spend."""
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
        """Movements of all balances of an account."""
        return self.filter(account=account_id)

    def in_currency(self, currency: str) -> Self:
        """Those in one currency."""
        return self.filter(currency=currency)

    def before(self, at: datetime, source: str, *, within: bool) -> Self:
        """Movements before a second, or `within` it too, but for those of one source."""
        return self.filter(**{"created__lte" if within else "created__lt": at}).exclude(source=source)

    def by_day(self, since: datetime) -> dict[date, tuple[int, int]]:
        """{day (UTC): (money that came in, change of the balance)} in minor units. Holds are no money that comes in."""
        came_in = Sum("net", filter=Q(net__gt=0) & ~Q(type__startswith="issuing_authorization_"), default=0)
        days = self.filter(created__gte=since).order_by().values_list(TruncDate("created"))
        return {day: (came, change) for day, came, change in days.annotate(came=came_in, change=Sum("net"))}


class BalanceTransaction(OfIssuing):
    """One movement of a balance (docs.stripe.com/api/balance_transactions). Stripe sends no events for them."""

    stripe_object = "balance_transaction"
    listed_at = "/v1/balance_transactions"

    balance_type = models.CharField(max_length=32, blank=True)
    type = models.CharField(max_length=64, blank=True)
    net = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=8, blank=True)
    source = models.CharField(max_length=255, blank=True)

    objects = VisibleManager.from_queryset(MovementQuerySet)()  # type: ignore[misc]

    class Meta(OfIssuing.Meta):
        """Summed by account."""

        indexes = (models.Index(fields=["account", "balance_type", "created"], name="movement_account"),)

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.balance_type, self.type = text_at(data, "balance_type")[:32], text_at(data, "type")[:64]
        self.net, self.currency = integer_at(data, "net") or 0, text_at(data, "currency")[:8]
        self.source = text_at(data, "source")[:255]

    @classmethod
    def witness_difference(cls, old: Data | None, new: Data, *, row: Mirror, source: str = "sync") -> None:
        """Nothing: what moved it has a history of its own."""


class Balance(Mirror):
    """The balances of one account (docs.stripe.com/api/balance). Its id is `{account}.balance`."""

    stripe_object = "balance"

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

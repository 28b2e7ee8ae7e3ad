"""Transactions, as Stripe last sent them (docs.stripe.com/api/issuing/transactions)."""

from typing import Any, Self

from django.db import models
from django.db.models import OuterRef, Subquery, Sum
from django.urls import reverse

from accounts.of_account.models import OfAccount
from gateway.mirror import VISIBLE, VisibleManager
from gateway.shapes import hash_at, id_at, integer_at, name_at, shown_at, text_at
from issuing.authorizations.models import Authorization, UseQuerySet

Data = dict[str, Any]

REFUND = "/v1/test_helpers/issuing/transactions/{}/refund"


class TransactionQuerySet(UseQuerySet):
    """Questions about transactions."""

    ids = {"ipi_": "id", "iauth_": "authorization", "ic_": "card", "ich_": "cardholder"}

    def of_authorization(self, authorization_id: str) -> Self:
        """What one authorization led to."""
        return self.filter(authorization=authorization_id)

    def captured(self) -> Subquery:
        """A column for authorizations: the sum of each one's captures, in minor units, negative; NULL for none."""
        rows = self.filter(authorization=OuterRef("pk"), type="capture").order_by()
        return Subquery(rows.values("authorization").annotate(sum=Sum("amount")).values("sum"))

    def spent(self, account_id: str, currency: str) -> int:
        """What captures took less what refunds gave back, in minor units."""
        total = self.filter(account=account_id, currency=currency).aggregate(sum=Sum("amount"))["sum"]
        return -(total or 0)

    def with_type(self, name: str) -> Self:
        """Captures or refunds."""
        return self.filter(type=name)


class Transaction(OfAccount):
    """Money that moved: a capture (negative) or a refund (docs.stripe.com/api/issuing/transactions)."""

    stripe_object = "issuing.transaction"
    listed_at = "/v1/issuing/transactions"
    capability, folds = "card_issuing", True

    card = models.ForeignKey(
        "issuing.Card", null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="transactions"
    )
    cardholder = models.ForeignKey(
        "issuing.Cardholder", null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="transactions"
    )
    authorization = models.ForeignKey(
        Authorization, null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="captures"
    )
    amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=8, blank=True)
    type = models.CharField(max_length=32, blank=True)
    merchant_name = models.CharField(max_length=255, blank=True)
    category = models.CharField(max_length=128, blank=True)

    objects = VisibleManager.from_queryset(TransactionQuerySet)()  # type: ignore[misc]

    class Meta(OfAccount.Meta):
        """Read by account, card and authorization."""

        indexes = (
            models.Index(fields=["account", "-created"], name="transaction_account"),
            models.Index(
                fields=["account", "type", "-created", "-id"], name="transaction_account_type", condition=VISIBLE
            ),
            models.Index(fields=["-created", "-id"], name="transaction_created"),
            models.Index(fields=["card", "-created", "-id"], name="transaction_of_card", condition=VISIBLE),
            models.Index(
                fields=["authorization", "type", "amount"],
                name="transaction_captured",  # holds what is summed, so that the rows themselves are not read
                condition=models.Q(data__isnull=False, account__isnull=False),
            ),
            models.Index(fields=["type", "-created", "-id"], name="transaction_type", condition=VISIBLE),
        )

    def get_absolute_url(self) -> str:
        """Its page under Stripe's Dashboard's own path."""
        return reverse("transaction", args=[self.account_id, self.id])

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        merchant = hash_at(data, "merchant_data")
        self.card_id = id_at(data, "card")
        self.cardholder_id = id_at(data, "cardholder")
        self.authorization_id = id_at(data, "authorization")
        self.amount, self.currency = integer_at(data, "amount") or 0, text_at(data, "currency")[:8]
        self.type = shown_at(data, "type")[:32]
        self.merchant_name, self.category = name_at(merchant, "name")[:255], shown_at(merchant, "category")[:128]

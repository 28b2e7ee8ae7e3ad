"""Top-ups, as Stripe last sent them (docs.stripe.com/api/topups)."""

from dataclasses import replace
from typing import Any, Self

from django.db import models
from django.urls import reverse

from accounts.changes import models as changes_models
from accounts.history import models as history_models
from accounts.of_account.models import OfAccount, OfAccountQuerySet
from console.shell import formats
from gateway import clock
from gateway.client import Answer
from gateway.mirror import VISIBLE, VisibleManager
from gateway.models import Event
from gateway.shapes import integer_at, shown_at, text_at, value_at
from gateway.spellings import Sought, holds

Data = dict[str, Any]


class TopupQuerySet(OfAccountQuerySet):
    """Questions about top-ups."""

    ids = {"tu_": "id"}
    named_by = {"txn_": ("balance_transaction", "source")}

    def words(self, text: str, *, personal: bool) -> Sought:
        """By a part of the description, for those who see it whole."""
        return Sought(parts=(holds("data__description", text),)) if personal else super().words(text, personal=personal)


class Topup(OfAccount):
    """Money pulled in from a bank (docs.stripe.com/api/topups); the US way to fund an Issuing balance."""

    stripe_object = "topup"
    watched = ("status",)
    listed_at = "/v1/topups"
    capability = "card_issuing"

    amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=32, blank=True)
    expected_at = models.DateTimeField(null=True)

    objects = VisibleManager.from_queryset(TopupQuerySet)()  # type: ignore[misc]

    class Meta(OfAccount.Meta):
        """Funding is a permission of its own."""

        permissions = (("create_topup", "Can top up Issuing balances"),)
        indexes = (
            models.Index(fields=["account", "-created"], name="topup_account"),
            models.Index(
                fields=["account", "status", "-created", "-id"], name="topup_account_status", condition=VISIBLE
            ),
            models.Index(fields=["-created", "-id"], name="topup_created"),
            models.Index(fields=["status", "-created", "-id"], name="topup_status", condition=VISIBLE),
        )

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.amount, self.currency = integer_at(data, "amount") or 0, text_at(data, "currency")[:8]
        self.status = shown_at(data, "status")[:32]
        self.expected_at = clock.from_unix(value_at(data, "expected_availability_date"))

    def __str__(self) -> str:
        """Return how much it is."""
        return f"Top-up of {formats.amount(self.amount, self.currency)}"

    @classmethod
    def witness(cls, event: Event) -> None:
        """A top-up's events hold no previous values; their type says which status is new."""
        change = history_models.change_by_event(event, event.account, str(event.payload["data"]["object"]["id"]))
        if event.type != "topup.created":
            before = "succeeded" if event.type == "topup.reversed" else "pending"
            change = replace(change, old={**change.new, "status": before})
        changes_models.record(change)

    def cancel(self, *, key: str) -> tuple[Self, Answer]:
        """Have the bank not asked for it any more: only while it is pending. One call. Raises Refused, Unreachable."""
        return self.update(key=key, params={}, path=f"{self.listed_at}/{self.pk}/cancel")

    def get_absolute_url(self) -> str:
        """Its page under Stripe's Dashboard's own path."""
        return reverse("topup", args=[self.account_id, self.id])

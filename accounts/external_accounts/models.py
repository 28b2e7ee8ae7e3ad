"""Where payouts of an account go, as Stripe last sent it (docs.stripe.com/api/external_accounts)."""

from typing import Any

from django.db import models

from accounts.of_account.models import OfAccount
from gateway.shapes import shown_at, text_at

Data = dict[str, Any]


class ExternalAccount(OfAccount):
    """Where payouts of an account go (docs.stripe.com/api/external_accounts): a bank account, seldom a card."""

    stripe_object = "bank_account"
    watched = ("status",)
    listed_at = "/v1/accounts/{account}/external_accounts"

    last4 = models.CharField(max_length=8, blank=True)
    currency = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=64, blank=True)

    class Meta(OfAccount.Meta):
        """Read by account."""

        ordering = ("id",)  # type: ignore[assignment]

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.last4, self.currency = text_at(data, "last4")[:8], text_at(data, "currency")[:8]
        self.status = shown_at(data, "status")[:64]

"""What an account may do, as Stripe last sent it (docs.stripe.com/api/capabilities)."""

from collections.abc import Sequence
from typing import Any, Self

from django.db import models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.capabilities import words as statuses
from accounts.of_account.models import OfAccount
from gateway import clock
from gateway.mirror import account_model
from gateway.shapes import shown_at, text_at, value_at

Data = dict[str, Any]


class Capability(OfAccount):
    """What an account may do, such as card_issuing (docs.stripe.com/api/capabilities). Its id is `{account}.{name}`."""

    stripe_object = "capability"
    watched = ("requested", "requirements.disabled_reason", "status")
    listed_at = "/v1/accounts/{account}/capabilities"
    told_in_account = True

    name = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=64, blank=True)
    requested = models.BooleanField(default=False)
    badge = models.CharField(max_length=64, blank=True)  # of accounts.account.words.ISSUING
    due_at = models.DateTimeField(null=True)
    mover = models.CharField(max_length=16, blank=True, default="")  # accounts.capabilities.words.mover

    class Meta(OfAccount.Meta):
        """Read by account."""

        ordering = ("name",)  # type: ignore[assignment]
        verbose_name_plural = "capabilities"
        indexes = (models.Index(fields=["mover", "account"], name="capability_mover", condition=~models.Q(mover="")),)

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.name, self.status = text_at(data, "id")[:64], shown_at(data, "status")[:64]
        self.requested = bool(value_at(data, "requested"))
        self.badge = statuses.capability_status(data).name[:64]
        self.mover = statuses.mover(data)
        self.due_at = clock.from_unix(value_at(data, "requirements.current_deadline"))

    @classmethod
    def written(cls, rows: Sequence[Self]) -> None:
        """The Issuing badges of their accounts."""
        accounts: models.Manager[Any] = account_model().every
        keep_badges(accounts.filter(card_issuing__in=[row.pk for row in rows]))

    @classmethod
    def row_id(cls, data: Data, account: str | None) -> str:
        """Its name is not unique."""
        return f"{account}.{data['id']}"

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:
        """By its name."""
        return super().fetch_path(row_id.partition(".")[2], account)

    @property
    def state(self) -> statuses.Status:
        """Its badge and why."""
        return statuses.capability_status(self.data or {})


def keep_badges(accounts: models.QuerySet[Any]) -> None:
    """Bring the Issuing badges of these accounts up to their capabilities: the account's own while there is none.

    One statement; it writes those that change.
    """
    own = Capability.every.filter(pk=OuterRef("card_issuing_id"), gone_at=None).exclude(badge="").order_by()
    badge = Coalesce(Subquery(own.values("badge")), F("issuing_status"))
    accounts.exclude(badge=badge).update(badge=badge)

"""Cardholders and cards, as Stripe last sent them (docs.stripe.com/api/issuing), and the room's other tables."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts import history
from gateway.client import Answer
from gateway.digits import is_whole
from gateway.mirror import VisibleManager
from gateway.shapes import id_at, text_at, texts_at
from issuing.base import Data, IssuingQuerySet, OfIssuing
from issuing.funds import Balance, BalanceTransaction, Topup
from issuing.purchases import Authorization, Transaction

__all__ = ["Authorization", "Balance", "BalanceTransaction", "Card", "Cardholder", "Topup", "Transaction"]

history.WATCHED.update(
    {
        "issuing.cardholder": ("requirements.disabled_reason", "status"),
        "issuing.card": ("cancellation_reason", "status"),
        "issuing.authorization": ("status",),
        "topup": ("status",),
    }
)


class CardholderQuerySet(IssuingQuerySet):
    """Questions about cardholders."""

    def search(self, text: str, *, personal: bool = False) -> Self:
        """By id, or a part of the name; of the e-mail address too for those who may see it (`personal`)."""
        if text.startswith("ich_"):
            return self.filter(id__startswith=text)
        found = Q(name__icontains=text)
        return self.filter(found | Q(email__icontains=text) if personal else found)

    def needing_attention(self) -> Self:
        """Those whose cards Stripe declines until something is provided."""
        return self.filter(disabled_reason="requirements.past_due", status="active", gone_at=None)

    def choosable(self, account_id: str) -> Self:
        """Those of an account that can be given a card."""
        return self.of_account(account_id).filter(gone_at=None).exclude(status="blocked")


class CardQuerySet(IssuingQuerySet):
    """Questions about cards."""

    def search(self, text: str, *, personal: bool = False) -> Self:
        """By id, last four, or a part of the cardholder's name."""
        if text.startswith("ic_"):
            return self.filter(id__startswith=text)
        if is_whole(text) and len(text) == 4:
            return self.filter(last4=text)
        return self.filter(cardholder__name__icontains=text)

    def of_cardholder(self, cardholder_id: str) -> Self:
        """Those of one cardholder."""
        return self.filter(cardholder=cardholder_id)

    def with_cardholder(self) -> Self:
        """Each with its cardholder, in the same query."""
        return self.select_related("cardholder")

    def choosable(self, account_id: str) -> Self:
        """Those of an account that were not canceled, each with its cardholder."""
        return self.of_account(account_id).filter(gone_at=None).exclude(status="canceled").with_cardholder()


class Cardholder(OfIssuing):
    """Who may hold cards of an account: a person or a business (docs.stripe.com/api/issuing/cardholders)."""

    stripe_object = "issuing.cardholder"
    listed_at = "/v1/issuing/cardholders"

    name = models.CharField(max_length=64, blank=True)
    email = models.CharField(max_length=800, blank=True)
    type = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=32, blank=True)
    disabled_reason = models.CharField(max_length=64, blank=True)

    objects = VisibleManager.from_queryset(CardholderQuerySet)()  # type: ignore[misc]

    class Meta(OfIssuing.Meta):
        """Every verb is a permission of its own."""

        permissions = (
            ("create_cardholder", "Can create cardholders"),
            ("update_cardholder", "Can change, activate and deactivate cardholders"),
        )
        indexes = (models.Index(fields=["account", "-created"], name="cardholder_account"),)

    def __str__(self) -> str:
        """Return the name, or the id of a cardholder without one."""
        return self.name or self.id

    def get_absolute_url(self) -> str:
        """Its page under Stripe's Dashboard's own path."""
        return reverse("cardholder", args=[self.account_id, self.id])

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.name, self.email = text_at(data, "name")[:64], text_at(data, "email")[:800]
        self.type, self.status = text_at(data, "type")[:32], text_at(data, "status")[:32]
        self.disabled_reason = text_at(data, "requirements.disabled_reason")[:64]

    @property
    def past_due(self) -> list[str]:
        """Keys that keep the cards from working."""
        return texts_at(self.data, "requirements.past_due")

    @classmethod
    def create_cardholder(cls, *, account_id: str, key: str, params: Data) -> "tuple[Cardholder, Answer]":
        """Create one with these parameters of Stripe's. One call. Raises Refused, Unreachable."""
        return cls._absorb_new(account_id, params, key=key)

    def update(self, *, key: str, params: Data) -> "tuple[Cardholder, Answer]":
        """Change what is given; "" (None) unsets. One call. Raises Refused, Unreachable."""
        return self._absorb_change(params, key=key)

    def activate(self, *, key: str) -> "tuple[Cardholder, Answer]":
        """Let their cards work again."""
        return self._absorb_change({"status": "active"}, key=key)

    def deactivate(self, *, key: str) -> "tuple[Cardholder, Answer]":
        """Decline every purchase with their cards until activated."""
        return self._absorb_change({"status": "inactive"}, key=key)


class Canceled(Exception):  # noqa: N818  (named after the state)
    """The card was canceled at Stripe: nothing makes it work again."""


class Card(OfIssuing):
    """An issued card. Its number is never asked for (docs.stripe.com/api/issuing/cards)."""

    stripe_object = "issuing.card"
    listed_at = "/v1/issuing/cards"

    cardholder = models.ForeignKey(
        Cardholder, null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="cards"
    )
    last4 = models.CharField(max_length=8, blank=True)
    type = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=32, blank=True)
    currency = models.CharField(max_length=8, blank=True)

    objects = VisibleManager.from_queryset(CardQuerySet)()  # type: ignore[misc]

    class Meta(OfIssuing.Meta):
        """Every verb is a permission of its own."""

        permissions = (
            ("create_card", "Can create cards"),
            ("update_card", "Can change what cards may spend"),
            ("activate_card", "Can activate cards"),
            ("deactivate_card", "Can deactivate cards"),
            ("cancel_card", "Can cancel cards for good"),
        )
        indexes = (
            models.Index(fields=["account", "-created"], name="card_account"),
            models.Index(fields=["last4"], name="card_last4"),
        )

    def __str__(self) -> str:
        """Return the last four, as staff and cardholders speak of it."""
        return f"•• {self.last4}" if self.last4 else self.id

    def get_absolute_url(self) -> str:
        """Its page under Stripe's Dashboard's own path."""
        return reverse("card", args=[self.account_id, self.id])

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.cardholder_id = id_at(data, "cardholder")
        self.last4, self.type = text_at(data, "last4")[:8], text_at(data, "type")[:32]
        self.status, self.currency = text_at(data, "status")[:32], text_at(data, "currency")[:8]

    @property
    def canceled(self) -> bool:
        """Whether it is over."""
        return self.status == "canceled"

    @classmethod
    def create_card(cls, *, account_id: str, key: str, params: Data) -> "tuple[Card, Answer]":
        """Create one, inactive. One call. Raises Refused, Unreachable."""
        return cls._absorb_new(account_id, params, key=key)

    def update(self, *, key: str, params: Data) -> "tuple[Card, Answer]":
        """Change what is given; "" unsets. Two calls: the card is read first. Raises Canceled, Refused, Unreachable."""
        return self._live()._absorb_change(params, key=key)

    def activate(self, *, key: str) -> "tuple[Card, Answer]":
        """Let it be used. Two calls: the card is read first. Raises Canceled, Refused, Unreachable."""
        return self._live()._absorb_change({"status": "active"}, key=key)

    def deactivate(self, *, key: str) -> "tuple[Card, Answer]":
        """Decline every purchase until activated. Two calls. Raises Canceled, Refused, Unreachable."""
        return self._live()._absorb_change({"status": "inactive"}, key=key)

    def cancel(self, *, key: str, cancellation_reason: str = "") -> "tuple[Card, Answer]":
        """End it for good. Two calls. `cancellation_reason` is lost, stolen, or "" for none."""
        reason = {"cancellation_reason": cancellation_reason} if cancellation_reason else {}
        return self._live()._absorb_change({"status": "canceled", **reason}, key=key)

    def _live(self) -> Self:
        """The card as Stripe has it now: a page that is old must not decide."""
        card = self.refresh()
        if card.canceled or card.gone:
            raise Canceled(f"Card {card} was canceled at Stripe. A canceled card is never active again.")
        return card

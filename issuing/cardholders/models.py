"""Cardholders, as Stripe last sent them (docs.stripe.com/api/issuing/cardholders)."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.of_account.models import OfAccount, OfAccountQuerySet
from gateway import texts
from gateway.client import Answer
from gateway.mirror import VISIBLE, VisibleManager
from gateway.shapes import name_at, shown_at, text_at, texts_at
from gateway.spellings import Sought, holds, holds_digits, phone_key

Data = dict[str, Any]


class CardholderQuerySet(OfAccountQuerySet):
    """Questions about cardholders."""

    ids = {"ich_": "id"}

    def words(self, text: str, *, personal: bool) -> Sought:
        """By a part of the name; of e-mail address and telephone number too for those who may see them."""
        found = holds("name", text)
        if personal:
            found |= holds("email", text) | holds_digits("phone", text)
        return Sought(parts=(found,))

    def needing_attention(self) -> Self:
        """Those whose cards Stripe declines until something is provided."""
        return self.filter(disabled_reason="requirements.past_due", status="active", gone_at=None)

    def choosable(self, account_id: str) -> Self:
        """Those of an account that can be given a card."""
        return self.of_account(account_id).filter(gone_at=None).exclude(status="blocked")


class Cardholder(OfAccount):
    """Who may hold cards of an account: a person or a business (docs.stripe.com/api/issuing/cardholders)."""

    stripe_object = "issuing.cardholder"
    watched = ("requirements.disabled_reason", "status")
    listed_at = "/v1/issuing/cardholders"
    capability, folds = "card_issuing", True

    name = models.CharField(max_length=64, blank=True)
    email = models.CharField(max_length=800, blank=True)
    phone = models.CharField(max_length=16, blank=True, default="")  # gateway.spellings.phone_key
    type = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=32, blank=True)
    disabled_reason = models.CharField(max_length=64, blank=True)

    objects = VisibleManager.from_queryset(CardholderQuerySet)()  # type: ignore[misc]

    class Meta(OfAccount.Meta):
        """Every verb is a permission of its own."""

        permissions = (
            ("create_cardholder", "Can create cardholders"),
            ("update_cardholder", "Can change, activate and deactivate cardholders"),
        )
        indexes = (
            models.Index(fields=["account", "-created"], name="cardholder_account"),
            models.Index(
                fields=["account", "status", "-created", "-id"], name="cardholder_account_status", condition=VISIBLE
            ),
            models.Index(fields=["-created", "-id"], name="cardholder_created"),
            models.Index(fields=["status", "-created", "-id"], name="cardholder_status", condition=VISIBLE),
            models.Index(fields=["type", "-created", "-id"], name="cardholder_type", condition=VISIBLE),
            models.Index(
                fields=["disabled_reason", "-created", "-id"],
                name="cardholder_asked",
                condition=VISIBLE & ~Q(disabled_reason=""),
            ),
            models.Index(fields=["phone"], name="cardholder_phone"),
            models.Index(
                fields=["created", "id"],
                name="cardholder_to_complete",
                condition=Q(disabled_reason="requirements.past_due", status="active", gone_at=None, data__isnull=False),
            ),
        )

    def __str__(self) -> str:
        """Return the name, or the id of a cardholder without one."""
        return texts.label(self.name, self.id)

    def get_absolute_url(self) -> str:
        """Its page under Stripe's Dashboard's own path."""
        return reverse("cardholder", args=[self.account_id, self.id])

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.name, self.email = name_at(data, "name")[:64], text_at(data, "email")[:800]
        self.phone = phone_key(text_at(data, "phone_number"))
        self.type, self.status = shown_at(data, "type")[:32], shown_at(data, "status")[:32]
        self.disabled_reason = shown_at(data, "requirements.disabled_reason")[:64]

    @property
    def past_due(self) -> list[str]:
        """Keys that keep the cards from working."""
        return texts_at(self.data, "requirements.past_due")

    def activate(self, *, key: str) -> tuple[Self, Answer]:
        """Let their cards work again."""
        return self.update(key=key, params={"status": "active"})

    def deactivate(self, *, key: str) -> tuple[Self, Answer]:
        """Decline every authorization with their cards until activated."""
        return self.update(key=key, params={"status": "inactive"})

"""Cards, as Stripe last sent them (docs.stripe.com/api/issuing/cards)."""

from contextlib import suppress
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.of_account.models import OfAccount, OfAccountQuerySet
from gateway import texts
from gateway.client import Answer
from gateway.errors import NOT_SENT, Refused, Unreachable
from gateway.mirror import VISIBLE, VisibleManager
from gateway.shapes import id_at, integer_at, shown_at, text_at
from gateway.spellings import Sought, holds
from issuing.cardholders.models import Cardholder
from issuing.cards.words import last_four

Data = dict[str, Any]


class CardQuerySet(OfAccountQuerySet):
    """Questions about cards."""

    ids = {"ic_": "id", "ich_": "cardholder"}

    def words(self, text: str, *, personal: bool) -> Sought:
        """By last four, or a part of the cardholder's name."""
        digits = last_four(text)
        return Sought(exact=(Q(last4=digits),)) if digits else Sought(parts=(holds("cardholder__name", text),))

    def of_cardholder(self, cardholder_id: str) -> Self:
        """Those of one cardholder."""
        return self.filter(cardholder=cardholder_id)

    def with_cardholder(self) -> Self:
        """Each with its cardholder, in the same query."""
        return self.select_related("cardholder")

    def choosable(self, account_id: str) -> Self:
        """Those of an account that were not canceled, each with its cardholder."""
        return self.of_account(account_id).filter(gone_at=None).exclude(status="canceled").with_cardholder()


OVER = "Card {} was canceled at Stripe. A canceled card is never active again."


class Canceled(Refused):
    """The card was canceled at Stripe, for good. Nothing was sent, or Stripe refused what was."""


class Card(OfAccount):
    """An issued card. Its number is never asked for (docs.stripe.com/api/issuing/cards)."""

    stripe_object = "issuing.card"
    watched = ("cancellation_reason", "status")
    listed_at = "/v1/issuing/cards"
    capability, folds = "card_issuing", True

    cardholder = models.ForeignKey(
        Cardholder, null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="cards"
    )
    last4 = models.CharField(max_length=8, blank=True)
    type = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=32, blank=True)
    currency = models.CharField(max_length=8, blank=True)

    objects = VisibleManager.from_queryset(CardQuerySet)()  # type: ignore[misc]

    class Meta(OfAccount.Meta):
        """Every verb is a permission of its own."""

        permissions = (
            ("create_card", "Can create cards"),
            ("update_card", "Can change what cards may spend"),
            ("activate_card", "Can activate cards"),
            ("deactivate_card", "Can deactivate cards"),
            ("cancel_card", "Can cancel cards for good"),
            ("cancel_lost_card", "Can cancel one card that a verified caller reports lost or stolen"),
        )
        indexes = (
            models.Index(fields=["account", "-created"], name="card_account"),
            models.Index(
                fields=["account", "status", "-created", "-id"], name="card_account_status", condition=VISIBLE
            ),
            models.Index(fields=["-created", "-id"], name="card_created"),
            models.Index(fields=["status", "-created", "-id"], name="card_status", condition=VISIBLE),
            models.Index(fields=["type", "-created", "-id"], name="card_type", condition=VISIBLE),
            models.Index(fields=["last4", "-created", "-id"], name="card_last_four"),
        )

    def __str__(self) -> str:
        """Return the last four digits, else the id."""
        return f"•• {texts.one_line(self.last4)}" if texts.visible(self.last4) else self.id

    def get_absolute_url(self) -> str:
        """Its page under Stripe's Dashboard's own path."""
        return reverse("card", args=[self.account_id, self.id])

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.cardholder_id = id_at(data, "cardholder")
        self.last4, self.type = text_at(data, "last4")[:8], shown_at(data, "type")[:32]
        self.status, self.currency = shown_at(data, "status")[:32], text_at(data, "currency")[:8]

    @property
    def expires(self) -> tuple[int, int] | None:
        """Its last year and month; None where Stripe does not say."""
        year, month = integer_at(self.data, "exp_year"), integer_at(self.data, "exp_month")
        return None if year is None or month is None else (year, month)

    @property
    def canceled(self) -> bool:
        """Whether it is over."""
        return self.status == "canceled"

    def update(self, *, key: str, params: Data, path: str = "") -> tuple[Self, Answer]:
        """Change what is given; "" unsets. Two calls: the card is read first. Raises Canceled, Refused, Unreachable."""
        return super(Card, self._live()).update(key=key, params=params, path=path)

    def activate(self, *, key: str) -> tuple[Self, Answer]:
        """Let it be used. Two calls: the card is read first. Raises Canceled, Refused, Unreachable."""
        return self.update(key=key, params={"status": "active"})

    def deactivate(self, *, key: str) -> tuple[Self, Answer]:
        """Decline every authorization until activated. One call as a rule. Raises Canceled, Refused, Unreachable."""
        return self._stop(key=key, params={"status": "inactive"})

    def cancel(self, *, key: str, cancellation_reason: str = "") -> tuple[Self, Answer]:
        """End it for good. One call as a rule. `cancellation_reason` is lost, stolen, or "" for none."""
        reason = {"cancellation_reason": cancellation_reason} if cancellation_reason else {}
        return self._stop(key=key, params={"status": "canceled", **reason})

    def _stop(self, *, key: str, params: Data) -> tuple[Self, Answer]:
        """What stops a card is sent at once. Where Stripe refuses it, the card is read: it may be over.

        Then Stripe's no is told as what it means; where the card cannot be read, as it came.
        """
        try:
            return super().update(key=key, params=params)
        except Refused as refused:
            with suppress(Refused, Unreachable):
                card = self.refresh()
                if card.canceled or card.gone:
                    told = OVER.format(card)
                    refused = Canceled(told, code=refused.code, status=refused.status, request_id=refused.request_id)
            raise refused from None

    def _live(self) -> Self:
        """The card as Stripe has it now: a page that is old must not decide."""
        card = self.refresh()
        if card.canceled or card.gone:
            raise Canceled(OVER.format(card), code=NOT_SENT)
        return card

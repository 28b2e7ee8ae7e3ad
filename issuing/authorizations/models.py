"""Authorizations, as Stripe last sent them (docs.stripe.com/api/issuing/authorizations)."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Count, Q, Sum
from django.urls import reverse

from accounts.of_account.models import OfAccount, OfAccountQuerySet
from console.shell import formats
from gateway.client import Answer
from gateway.mirror import VISIBLE, VisibleManager
from gateway.shapes import hash_at, hashes_at, id_at, integer_at, name_at, shown_at, text_at, value_at
from gateway.spellings import Sought, holds
from issuing.cards.words import last_four

Data = dict[str, Any]

DECLINED, APPROVED = VISIBLE & Q(approved=False), VISIBLE & Q(approved=True)
HELPERS = "/v1/test_helpers/issuing/authorizations"


def last_request(data: Data | None) -> Data:
    """The last of `request_history`; {} before there is any."""
    return next(reversed(hashes_at(data, "request_history")), {})


class UseQuerySet(OfAccountQuerySet):
    """Questions about what was done with cards at merchants."""

    named_by = {"txn_": ("balance_transaction", "source")}

    def words(self, text: str, *, personal: bool) -> Sought:
        """By the card's last four, or a part of the merchant's name."""
        digits = last_four(text)
        return Sought(exact=(Q(card__last4=digits),)) if digits else Sought(parts=(holds("merchant_name", text),))

    def of_card(self, card_id: str) -> Self:
        """Those with one card."""
        return self.filter(card=card_id)

    def of_cardholder(self, cardholder_id: str) -> Self:
        """Those with any card of one cardholder."""
        return self.filter(cardholder=cardholder_id)


class AuthorizationQuerySet(UseQuerySet):
    """Questions about authorizations."""

    ids = {"iauth_": "id", "ic_": "card", "ich_": "cardholder"}

    def with_card(self) -> Self:
        """Each with its card and cardholder, in the same query."""
        return self.select_related("card", "cardholder")

    def declined(self) -> Self:
        """Those that were not approved."""
        return self.filter(approved=False)

    def with_outcome(self, outcome: str) -> Self:
        """Those that read so (Authorization.outcome)."""
        if outcome == "declined":
            return self.declined()
        return self.filter(approved=True, status="closed" if outcome == "approved" else outcome)

    def open_of_cards(self, card_ids: list[str]) -> dict[str, tuple[int, int]]:
        """{card: (how many, held in minor units)} of what merchants can still capture. One query."""
        rows = self.filter(card__in=card_ids, approved=True, status="pending").order_by()
        sums = rows.values_list("card").annotate(number=Count("pk"), held=Sum("amount"))
        return {card_id: (number, held or 0) for card_id, number, held in sums}

    def approved_before(self, one: "Authorization", at: datetime, since: datetime | None) -> Self:
        """Approved authorizations with all cards of its cardholder, from `since` to before `at`, newest first."""
        rows = self.filter(account=one.account_id, cardholder=one.cardholder_id, approved=True, created__lte=at)
        rows = rows.exclude(pk=one.pk)
        return (rows.filter(created__gte=since) if since else rows).order_by("-created", "-id")


class Authorization(OfAccount):
    """An authorization that was tried: approved or not, and why (docs.stripe.com/api/issuing/authorizations)."""

    stripe_object = "issuing.authorization"
    watched = ("status",)
    listed_at = "/v1/issuing/authorizations"
    capability, folds = "card_issuing", True

    card = models.ForeignKey(
        "issuing.Card", null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="authorizations"
    )
    cardholder = models.ForeignKey(
        "issuing.Cardholder", null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="authorizations"
    )
    amount = models.BigIntegerField(default=0)  # minor units, as Stripe holds it now
    requested = models.BigIntegerField(default=0)  # minor units, of the last request
    currency = models.CharField(max_length=8, blank=True)
    approved = models.BooleanField(default=False)
    status = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=64, blank=True)  # of the last request
    merchant_name = models.CharField(max_length=255, blank=True)
    network_id = models.CharField(max_length=64, blank=True, default="")  # the card network's id of the merchant
    category = models.CharField(max_length=128, blank=True)

    objects = VisibleManager.from_queryset(AuthorizationQuerySet)()  # type: ignore[misc]

    class Meta(OfAccount.Meta):
        """Test helpers are a permission of their own."""

        permissions = (("test_authorization", "Can make, capture and reverse test authorizations"),)
        indexes = (
            models.Index(fields=["account", "-created"], name="authorization_account"),
            models.Index(fields=["-created", "-id"], name="authorization_created"),
            models.Index(fields=["card", "-created", "-id"], name="authorization_of_card", condition=VISIBLE),
            models.Index(fields=["account", "cardholder", "-created", "-id"], name="authorization_cardholder"),
            # By outcome: SQLite finds no index by a truth, but one that holds only what is true.
            models.Index(fields=["-created", "-id"], name="authorization_declined", condition=DECLINED),
            models.Index(fields=["status", "-created", "-id"], name="authorization_outcome", condition=APPROVED),
            models.Index(
                fields=["account", "-created", "-id"], name="authorization_account_declined", condition=DECLINED
            ),
            models.Index(
                fields=["account", "status", "-created", "-id"],
                name="authorization_account_outcome",
                condition=APPROVED,
            ),
            models.Index(fields=["reason", "-created", "-id"], name="authorization_reason", condition=VISIBLE),
            models.Index(fields=["network_id", "-created"], name="authorization_network"),
        )

    def __str__(self) -> str:
        """Return what was asked, and where."""
        return f"{formats.amount(self.requested, self.currency)} at {self.merchant_name or 'an unnamed merchant'}"

    def get_absolute_url(self) -> str:
        """Its page under Stripe's Dashboard's own path."""
        return reverse("authorization", args=[self.account_id, self.id])

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        merchant, last = hash_at(data, "merchant_data"), last_request(data)
        self.card_id = id_at(data, "card")
        self.cardholder_id = id_at(data, "cardholder")
        self.amount, self.currency = integer_at(data, "amount") or 0, text_at(data, "currency")[:8]
        self.requested = integer_at(last, "amount") or self.amount
        self.approved, self.status = value_at(data, "approved") is True, shown_at(data, "status")[:32]
        self.reason = shown_at(last, "reason")[:64]
        self.merchant_name, self.category = name_at(merchant, "name")[:255], shown_at(merchant, "category")[:128]
        self.network_id = text_at(merchant, "network_id")[:64]

    @property
    def outcome(self) -> str:
        """What to show: declined, or the status of what was approved."""
        if not self.approved:
            return "declined"
        return "approved" if self.status == "closed" else self.status

    @property
    def shown_amount(self) -> int:
        """What to show, in minor units: what is held or was taken, else what was asked for."""
        return self.requested if not self.approved or (self.status == "reversed" and not self.amount) else self.amount

    @classmethod
    def create_test(cls, *, account_id: str, key: str, params: Data) -> "tuple[Authorization, Answer]":
        """Try an authorization with a test card. A decline is an answer, not an error. Sandbox and test mode only."""
        return cls.create(account_id=account_id, key=key, params=params, path=HELPERS)

    def capture_test(self, *, key: str, params: Data) -> "tuple[Authorization, Answer]":
        """The merchant takes the money, or a part of it."""
        return self._help("capture", params, key=key)

    def reverse_test(self, *, key: str, params: Data) -> "tuple[Authorization, Answer]":
        """The merchant gives the hold back, or a part of it."""
        return self._help("reverse", params, key=key)

    def _help(self, what: str, params: Data, *, key: str) -> "tuple[Authorization, Answer]":
        return self.update(key=key, params=params, path=f"{HELPERS}/{self.id}/{what}")

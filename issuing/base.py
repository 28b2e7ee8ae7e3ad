"""What every Issuing noun shares: it belongs to one account and is read in that account's name."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar, Self

from django import forms
from django.db import models

from accounts.account.models import Account
from accounts.history import models as history_models
from console.operations.models import Operation
from console.operations.verbs import NOWHERE, Where
from console.shell import formats
from gateway import client
from gateway.client import Answer
from gateway.mirror import Mirror
from gateway.models import Event
from gateway.shapes import hash_at, text_at

Data = dict[str, Any]

SHOWN_AS = "•••"
CURRENCIES = {"US": "usd", "GB": "gbp"}  # what an account of this country issues in; eur elsewhere in Europe


def currency_of(account_id: str) -> str:
    """The one currency in which an account issues. One query."""
    return CURRENCIES.get(country_of(account_id), "eur")


def country_of(account_id: str) -> str:
    """The account's country, "" where it is not known. One query."""
    return Account.objects.filter(pk=account_id).values_list("country", flat=True).first() or ""


def minor(amount: Decimal | str | None, currency: str) -> int | None:
    """An amount in major units as minor ones: "12.5" of usd is 1250; None for none."""
    if amount in (None, ""):
        return None
    return int(Decimal(str(amount)).scaleb(formats.decimals(currency)))


def given(body: Data) -> Data:
    """A body without what was left empty, hashes that became empty included."""
    kept = {name: given(value) if isinstance(value, dict) else value for name, value in body.items()}
    return {name: value for name, value in kept.items() if value not in (None, "", {}, [])}


Paths = Iterable[tuple[str, str | None]]
COUNTED = 10_000  # tabs and pages count no further than this


def issues(account_id: str) -> bool:
    """Whether the account has asked for card_issuing, as far as we know. One query."""
    data = Account.objects.filter(pk=account_id).values_list("data", flat=True).first()
    return "card_issuing" in hash_at(data, "capabilities")


class IssuingQuerySet(models.QuerySet[Any]):
    """Questions that every Issuing noun answers."""

    def of_account(self, account_id: str) -> Self:
        """Those of one account."""
        return self.filter(account=account_id)

    def search(self, text: str, *, personal: bool = False) -> Self:
        """By id, which is all that every noun has. `personal`: also by what only some may see."""
        return self.filter(id__startswith=text)

    def with_status(self, status: str) -> Self:
        """Those with this status."""
        return self.filter(status=status)

    def count_by_status(self, names: Iterable[str]) -> dict[str, int]:
        """How many have each status, counted up to COUNTED. One short query each."""
        return {name: self.with_status(name).order_by()[:COUNTED].count() for name in names}


class OfIssuing(Mirror):
    """What belongs to one account and is read in its name: `listed_at` is its list, such as /v1/issuing/cards."""

    listed_at: ClassVar[str] = ""

    class Meta(Mirror.Meta):
        """Abstract."""

        abstract = True
        ordering = ("-created", "-id")

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:
        """In the account's name."""
        return f"{cls.listed_at}/{row_id}", account

    @classmethod
    def sync_paths(cls, account: str | None) -> Paths:
        """One list an account that asked for card_issuing: Stripe refuses it to others."""
        return ((cls.listed_at, account),) if account and issues(account) else ()

    @classmethod
    def witness(cls, event: Event) -> None:
        """What the event changed, for the account's timeline."""
        history_models.record(history_models.told_by(event, event.account, text_at(event.payload, "data.object.id")))

    @classmethod
    def witness_difference(cls, old: Data | None, new: Data, *, row: Mirror, source: str = "sync") -> None:  # noqa: ARG003
        """The same, found by reading."""
        history_models.record(history_models.found_by_reading(str(row.account_id), old, new, str(new["id"]), row))

    def send(self, path: str, params: Data, *, key: str) -> Answer:
        """One write in the account's name."""
        return client.post(path, params, account=self.account_id, key=key)

    @classmethod
    def _absorb_new(cls, account_id: str, params: Data, *, key: str, path: str = "") -> "tuple[Self, Answer]":
        answer = client.post(path or cls.listed_at, params, account=account_id, key=key)
        return cls.absorb_answer(answer, account=account_id), answer

    def _absorb_change(self, params: Data, *, key: str, path: str = "") -> "tuple[Self, Answer]":
        answer = self.send(path or f"{self.listed_at}/{self.id}", params, key=key)
        return self.absorb_answer(answer, account=self.account_id, revision_before=self.revision), answer


class PlacedForm(forms.Form):
    """A form that knows for which account and object it is drawn."""

    where: ClassVar[Where] = NOWHERE

    def sent_before(self) -> bool:
        """Whether this very form was sent before: then it may be what made its own values impossible. One query."""
        token = str(self.data.get("form_token", ""))
        return bool(token) and Operation.objects.filter(form_token=token).exists()

"""What every Issuing noun shares: it belongs to one account and is read in that account's name."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.db import models

from accounts import history
from accounts.models import Account
from gateway import client
from gateway.client import Answer
from gateway.mirror import Mirror
from gateway.models import Event
from gateway.shapes import hash_at, text_at

Data = dict[str, Any]
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
        history.record(history.told_by(event, event.account, text_at(event.payload, "data.object.id")))

    @classmethod
    def witness_difference(cls, old: Data | None, new: Data, *, row: Mirror, source: str = "sync") -> None:  # noqa: ARG003
        """The same, found by reading."""
        history.record(history.found_by_reading(str(row.account_id), old, new, str(new["id"]), row))

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

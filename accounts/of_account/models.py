"""The base of every mirror row that belongs to one account: its list, its calls, its history."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.changes.models import record, record_found, together
from accounts.history.models import change_by_event, change_by_reading
from gateway import client, metadata
from gateway.client import Answer
from gateway.mirror import REGISTRY, Difference, Mirror, account_model
from gateway.models import Event
from gateway.spellings import Sought, by_id

Data = dict[str, Any]
COUNTED = 1_000  # tabs and pages count no further than this
Paths = Iterable[tuple[str, str | None]]


class OfAccountQuerySet(models.QuerySet[Any]):
    """Questions that every noun of an account answers."""

    def of_account(self, account_id: str) -> Self:
        """Those of one account."""
        return self.filter(account=account_id)

    ids: ClassVar[dict[str, str]] = {}  # the beginning of an id → the column that holds such ids
    named_by: ClassVar[dict[str, tuple[str, str]]] = {}  # that of another's id → what it is, its column that names ours

    def search(self, text: str, *, personal: bool = False) -> Self:
        """Those that `sought` names, as one query; console.lists.keyset reads pages of them faster."""
        found: Self = self.sought(text, personal=personal).among(self)
        return found

    def sought(self, text: str, *, personal: bool) -> Sought:
        """By its id or that of what it belongs to, else by its words. `personal`: also by what only some may see."""
        named = {"acct_": "account", **self.ids}
        column = next((column for start, column in named.items() if text.startswith(start)), "")
        if column:
            return by_id(text) if column == "id" else Sought(exact=(Q(**{column: text}),))
        for stripe_object, its in (each for start, each in self.named_by.items() if text.startswith(start)):
            others: Any = REGISTRY[stripe_object].objects.filter(pk=text[:255])
            return Sought(exact=(Q(pk__in=others.values(its)),))
        found = self.words(text, personal=personal)
        return found + metadata.sought(text) if personal else found

    def words(self, text: str, *, personal: bool) -> Sought:
        """Rows that are called so; none where a noun has nothing but ids."""
        return Sought(exact=(Q(pk=text),))

    def with_status(self, status: str) -> Self:
        """Those with this status."""
        return self.filter(status=status)


class OfAccount(Mirror):
    """What belongs to one account. `listed_at` is its list: below the account as the platform sees it
    (`/v1/accounts/{account}/persons`), or in the account's own name (`/v1/issuing/cards`).
    """

    listed_at: ClassVar[str] = ""
    watched: ClassVar[tuple[str, ...]] = ()  # paths of values whose changes history keeps
    capability: ClassVar[str] = ""  # that an account must have asked for: Stripe refuses the list to others

    class Meta(Mirror.Meta):
        """Abstract."""

        abstract = True
        ordering = ("-created", "-id")

    @classmethod
    def count_of(cls, account_id: str) -> int:
        """How many an account has, counted up to COUNTED. One query."""
        return int(cls.objects.filter(account=account_id).order_by()[:COUNTED].count())

    @classmethod
    def list_of(cls, account: str | None) -> tuple[str, str | None]:
        """The path of an account's list, and the Stripe-Account header it wants."""
        return cls.listed_at.format(account=account), None if "{account}" in cls.listed_at else account

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:
        """Below its list."""
        path, header = cls.list_of(account)
        return f"{path}/{row_id}", header

    @classmethod
    def sync_paths(cls, account: str | None) -> Paths:
        """One list an account."""
        return (cls.list_of(account),) if account else ()

    @classmethod
    def listed_for(cls, accounts: Collection[str]) -> Collection[str]:
        """Those that have requested the capability, by the mirror's data. One query at most."""
        if not cls.capability:
            return accounts
        asked_for = account_model().objects.filter(pk__in=accounts, data__capabilities__has_key=cls.capability)
        return list(asked_for.order_by("pk").values_list("pk", flat=True))

    @classmethod
    def refresh_all(cls, account_id: str) -> None:
        """Read the account's whole list. What has changed or vanished is read once more by itself, for history."""
        known = {row.pk: row for row in cls.objects.filter(account=account_id, gone_at=None)}
        seen = set()
        path, header = cls.list_of(account_id)
        for page in client.pages(path, account=header):
            for data in page.data["data"]:
                row_id = cls.row_id(data, account_id)
                seen.add(row_id)
                if row_id not in known:
                    cls.absorb_answer(Answer(data, page.sent_at, page.request_id, False), account=account_id)
                elif known[row_id].data != cls.normalise(data):
                    known[row_id].refresh()
        for row_id in known.keys() - seen:
            known[row_id].refresh()

    @classmethod
    def witness(cls, event: Event) -> None:
        """Requirements and states that the event changed."""
        record(change_by_event(event, event.account, str(event.payload["data"]["object"]["id"])))

    @classmethod
    def witness_all(cls, events: Sequence[Event]) -> None:
        """Their history in a few statements."""
        with together():
            super().witness_all(events)

    @classmethod
    def witness_differences(cls, found: Sequence[Difference]) -> None:
        """The same, found by reading."""
        record_found(change_by_reading(str(row.account_id), old, new, str(new["id"]), row) for old, new, row in found)

    @classmethod
    def create(cls, *, account_id: str, key: str, params: Data, path: str = "") -> tuple[Self, Answer]:
        """Create one with these parameters of Stripe's. One call. Raises Refused, Unreachable."""
        listed_at, header = cls.list_of(account_id)
        answer = client.post(path or listed_at, params, account=header, key=key)
        return cls.absorb_answer(answer, account=account_id), answer

    def update(self, *, key: str, params: Data, path: str = "") -> tuple[Self, Answer]:
        """Change what is given; "" (None) unsets. One call. Raises Refused, Unreachable."""
        own, header = self.fetch_path(self.id, self.account_id)
        answer = client.post(path or own, params, account=header, key=key)
        return self.absorb_answer(answer, account=self.account_id, revision_before=self.revision), answer

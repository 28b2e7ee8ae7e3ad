"""Connected accounts and what belongs to them, as Stripe last sent them (docs.stripe.com/api/accounts)."""

from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts import acceptances, history
from accounts import status as statuses
from accounts.acceptances import Acceptance
from accounts.history import Requirement, StateChange
from accounts.queries import AccountQuerySet
from accounts.requirements import Rule
from gateway import client, clock
from gateway.client import Answer
from gateway.mirror import Mirror, VisibleManager
from gateway.models import Event
from gateway.shapes import hash_at, text_at, texts_at, value_at

__all__ = ["Acceptance", "Account", "Capability", "ExternalAccount", "Person", "Requirement", "StateChange"]

Data = dict[str, Any]
Paths = Iterable[tuple[str, str | None]]


def rule() -> Rule:
    """What counts for attention on this platform."""
    return Rule(ignored=frozenset(settings.IGNORED_REQUIREMENTS))


class Account(Mirror):
    """A connected account. The columns are what lists filter and sort by; the rest is in `data`."""

    stripe_object = "account"

    name = models.CharField(max_length=255, blank=True)  # as customers know it, else the legal name
    legal_name = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=800, blank=True)
    country = models.CharField(max_length=8, blank=True)
    business_type = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=16, blank=True)  # of accounts.status.KINDS, from `controller`
    issuing_status = models.CharField(max_length=64, blank=True)  # as far as the account itself tells
    overall_status = models.CharField(max_length=64, blank=True)
    details_submitted = models.BooleanField(default=False)
    needs_attention = models.BooleanField(default=False)
    overdue = models.BooleanField(default=False)  # some of what counts is past due
    due_at = models.DateTimeField(null=True)  # the earliest deadline to come of what counts
    # Null where the Issuing badge does not depend on it.
    card_issuing = models.ForeignKey(
        "accounts.Capability", null=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="+"
    )

    objects = VisibleManager.from_queryset(AccountQuerySet)()  # type: ignore[misc]

    class Meta(Mirror.Meta):
        """Every verb is a permission of its own."""

        ordering = ("-created", "-id")
        permissions = (
            ("create_account", "Can create connected accounts"),
            ("create_account_link", "Can make onboarding links"),
            ("fill_test_values", "Can fill in test values, outside live mode"),
            ("record_terms", "Can record that the holder has accepted terms"),
            ("show_account_link", "Can be shown onboarding links in live mode"),
            ("refresh_account", "Can read accounts again at Stripe"),
            ("view_pii", "Can see personal data unmasked"),
        )
        indexes = (
            models.Index(fields=["-created", "-id"], name="account_created"),
            models.Index(fields=["overall_status", "-created"], name="account_overall"),
            models.Index(fields=["issuing_status", "-created"], name="account_issuing"),
            models.Index(fields=["due_at"], name="account_attention", condition=Q(needs_attention=True)),
        )

    def __str__(self) -> str:
        """Return the name, or the id of an account without one."""
        return self.name or self.id

    def get_absolute_url(self) -> str:
        """Its one page."""
        return reverse("account", args=[self.id])

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.legal_name = legal_name(data)[:255]
        shown = text_at(data, "business_profile.name") or self.legal_name
        self.name = (shown or text_at(data, "settings.dashboard.display_name"))[:255]
        self.email = text_at(data, "email")[:800]
        self.country, self.business_type = text_at(data, "country")[:8], text_at(data, "business_type")[:64]
        self.kind = statuses.kind(data).name
        self.overall_status = statuses.overall(data).name[:64]
        self.issuing_status = statuses.issuing(data).name[:64]
        settled = (statuses.CANNOT_ISSUE, statuses.NOT_REQUESTED, statuses.REJECTED)
        self.card_issuing_id = None if self.issuing_status in settled else f"{self.id}.card_issuing"
        self.details_submitted = bool(value_at(data, "details_submitted"))
        self._set_attention(data)

    def _set_attention(self, data: Data) -> None:
        keys = set(rule().open_keys(data))
        due = hash_at(data, "requirements")
        deadline = value_at(due, "current_deadline") if keys.intersection(texts_at(due, "currently_due")) else None
        self.needs_attention, self.overdue = bool(keys), bool(keys.intersection(texts_at(due, "past_due")))
        self.due_at = clock.from_unix(deadline)

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:  # noqa: ARG003
        """As the platform."""
        return f"/v1/accounts/{row_id}", None

    @classmethod
    def sync_paths(cls, account: str | None) -> Paths:
        """The platform's one list."""
        return () if account else (("/v1/accounts", None),)

    @classmethod
    def witness(cls, event: Event) -> None:
        """Requirements, states and acceptances that the event changed."""
        telling = history.told_by(event, event.account or event.payload["data"]["object"]["id"], "account")
        history.record(telling)
        acceptances.witness(telling)

    @classmethod
    def witness_difference(cls, old: Data | None, new: Data, *, row: Mirror, source: str = "sync") -> None:  # noqa: ARG003
        """The same, found by reading."""
        telling = history.found_by_reading(row.id, old, new, "account", row)
        history.record(telling)
        acceptances.witness(telling)

    # What it says of itself

    @property
    def overall(self) -> statuses.Status:
        """The badge of the account as a whole."""
        return statuses.overall(self.data or {})

    @property
    def issuing(self) -> statuses.Status:
        """The Issuing badge; costs a query unless the capability was read `with_capability`."""
        capability = self._capability()
        return statuses.issuing(self.data or {}, capability.data if capability else None)

    def _capability(self) -> "Capability | None":
        if self.card_issuing_id is None:
            return None
        try:
            row = self.card_issuing
        except Capability.DoesNotExist:  # not yet imported
            return None
        return row if row and row.data is not None and not row.gone else None

    @property
    def set_up(self) -> statuses.Kind:
        """How it is set up, and why it can or cannot issue."""
        return statuses.kind(self.data or {})

    # What staff can do with it

    @classmethod
    def create_account(cls, *, key: str, params: Data) -> "tuple[Account, Answer]":
        """Create one with these parameters of Stripe's (accounts.forms.create_params); one call.

        Raises Refused, Unreachable. docs.stripe.com/api/accounts/create
        """
        answer = client.post("/v1/accounts", params, account=None, key=key)
        return cls.absorb_answer(answer, account=answer.data["id"]), answer

    def create_account_link(
        self,
        *,
        key: str,
        type: str = "account_onboarding",  # noqa: A002
        collect: str = "currently_due",
        future: bool = False,
    ) -> Answer:
        """Mint a link for the account's holder; `.data` has `url` (works once) and `expires_at`. Nothing is stored.

        Whoever opens it signs the terms from their own address. Raises Refused, Unreachable; one call.
        docs.stripe.com/api/account_links/create
        """
        return client.post("/v1/account_links", self.link_params(type, collect, future), account=None, key=key)

    def link_params(self, type: str, collect: str, future: bool) -> Data:  # noqa: A002  (Stripe's word)
        """What is sent for a link; both addresses are ours, built from settings."""
        here = f"{settings.CONSOLE_URL}/connect/accounts/{self.id}"
        return {
            "account": self.id,
            "type": type,
            "collection_options": {"fields": collect, "future_requirements": "include" if future else "omit"},
            "return_url": f"{here}/return",
            "refresh_url": f"{here}/link-used",
        }

    def record_terms(self, *, key: str, params: Data) -> Answer:
        """Record the holder's acceptance (accounts.acceptances.params); one call. Raises Refused, Unreachable.

        docs.stripe.com/issuing/connect/tos_acceptance
        """
        answer = client.post(f"/v1/accounts/{self.id}", params, account=None, key=key)
        Account.absorb_answer(answer, account=self.id, revision_before=self.revision)
        return answer

    def refresh(self) -> Self:
        """Read the account, its capabilities, persons and external accounts again: four calls, and one for each change.

        Raises Refused, Unreachable. An account that is gone at Stripe becomes `gone`, with what was last seen of it.
        """
        row = super().refresh()
        if not row.gone:
            for model in (Capability, Person, ExternalAccount):
                model.refresh_all(self.id)
        return row


class OfAccount(Mirror):
    """What belongs to one account and is listed below it, such as /v1/accounts/acct_1/persons."""

    listed_as = ""

    class Meta(Mirror.Meta):
        """Abstract."""

        abstract = True

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:
        """Below its account, as the platform."""
        return f"/v1/accounts/{account}/{cls.listed_as}/{row_id}", None

    @classmethod
    def sync_paths(cls, account: str | None) -> Paths:
        """One list an account."""
        return ((f"/v1/accounts/{account}/{cls.listed_as}", None),) if account else ()

    @classmethod
    def refresh_all(cls, account_id: str) -> None:
        """Read the account's whole list; what has changed or vanished is read by itself, so that history tells it."""
        known = {row.pk: row for row in cls.objects.filter(account=account_id, gone_at=None)}
        seen = set()
        for page in client.pages(f"/v1/accounts/{account_id}/{cls.listed_as}", account=None):
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
        history.record(history.told_by(event, event.account, str(event.payload["data"]["object"]["id"])))

    @classmethod
    def witness_difference(cls, old: Data | None, new: Data, *, row: Mirror, source: str = "sync") -> None:  # noqa: ARG003
        """The same, found by reading."""
        history.record(history.found_by_reading(str(row.account_id), old, new, str(new["id"]), row))


class Capability(OfAccount):
    """What an account may do, such as card_issuing (docs.stripe.com/api/capabilities). Its id is `{account}.{name}`."""

    stripe_object = "capability"
    listed_as = "capabilities"

    name = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=64, blank=True)
    requested = models.BooleanField(default=False)
    badge = models.CharField(max_length=64, blank=True)  # of accounts.status.ISSUING
    due_at = models.DateTimeField(null=True)

    class Meta(OfAccount.Meta):
        """Read by account; lists of accounts filter by its badge."""

        ordering = ("name",)
        verbose_name_plural = "capabilities"
        indexes = (models.Index(fields=["name", "badge"], name="capability_badge"),)

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.name, self.status = text_at(data, "id")[:64], text_at(data, "status")[:64]
        self.requested = bool(value_at(data, "requested"))
        self.badge = statuses.capability_status(data).name[:64]
        self.due_at = clock.from_unix(value_at(data, "requirements.current_deadline"))

    @classmethod
    def row_id(cls, data: Data, account: str | None) -> str:
        """Its name is not unique."""
        return f"{account}.{data['id']}"

    @classmethod
    def fetch_path(cls, row_id: str, account: str | None) -> tuple[str, str | None]:
        """By its name."""
        return f"/v1/accounts/{account}/capabilities/{row_id.partition('.')[2]}", None

    @property
    def state(self) -> statuses.Status:
        """Its badge and why."""
        return statuses.capability_status(self.data or {})


class Person(OfAccount):
    """Somebody who belongs to an account: its representative, owners, directors (docs.stripe.com/api/persons)."""

    stripe_object = "person"
    listed_as = "persons"

    name = models.CharField(max_length=255, blank=True)
    verification_status = models.CharField(max_length=64, blank=True)

    class Meta(OfAccount.Meta):
        """Read by account."""

        ordering = ("created", "id")

    def __str__(self) -> str:
        """Return the name, or the id of a person without one."""
        return self.name or self.id

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.name = person_name(data)[:255]
        self.verification_status = text_at(data, "verification.status")[:64]

    @property
    def roles(self) -> list[str]:
        """The roles Stripe knows this person in, such as representative and owner."""
        return sorted(name for name, value in hash_at(self.data, "relationship").items() if value is True)


class ExternalAccount(OfAccount):
    """Where payouts of an account go (docs.stripe.com/api/external_accounts): a bank account, seldom a card."""

    stripe_object = "bank_account"
    listed_as = "external_accounts"

    last4 = models.CharField(max_length=8, blank=True)
    currency = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=64, blank=True)

    class Meta(OfAccount.Meta):
        """Read by account."""

        ordering = ("id",)

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.last4, self.currency = text_at(data, "last4")[:8], text_at(data, "currency")[:8]
        self.status = text_at(data, "status")[:64]


def legal_name(data: Data) -> str:
    """The company's name, or the individual's."""
    return text_at(data, "company.name") or person_name(hash_at(data, "individual"))


def person_name(data: Data) -> str:
    """First and last name as far as they are known."""
    return " ".join(filter(None, (text_at(data, "first_name"), text_at(data, "last_name"))))

"""Connected accounts, as Stripe last sent them (docs.stripe.com/api/accounts)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.account import words as account_words
from accounts.account.words import Off
from accounts.capabilities import words as capabilities_words
from accounts.capabilities import words as capability_words
from accounts.capabilities.models import Capability, keep_badges
from accounts.changes import models as changes_models
from accounts.external_accounts.models import ExternalAccount
from accounts.history import models as history_models
from accounts.history.models import Requirement
from accounts.of_account.models import Paths
from accounts.persons.models import Person, person_name
from accounts.requirements.models import Rule
from accounts.terms import models as terms_models
from gateway import client, clock, metadata, texts
from gateway.client import Answer
from gateway.mirror import VISIBLE, Difference, Mirror, VisibleManager
from gateway.models import Event
from gateway.order import Write
from gateway.shapes import hash_at, name_at, shown_at, text_at, texts_at, value_at
from gateway.spellings import Sought, by_id, holds, holds_digits, phone_key

Data = dict[str, Any]

# Badges that the account itself settles, whatever its capability says.
SETTLED = (capability_words.CANNOT_ISSUE, capability_words.NOT_REQUESTED, capability_words.REJECTED)
PASSED = datetime.min.replace(year=1970, tzinfo=UTC)  # a deadline before all others
DUE = VISIBLE & Q(next_due__isnull=False, gone_at=None)
PHONES = ("company.phone", "individual.phone", "business_profile.support_phone")  # the first is searched by


class AccountQuerySet(models.QuerySet["Account"]):
    """Questions about accounts, by name."""

    def with_status(self, name: str) -> Self:
        """Those whose overall badge is `name`."""
        return self.filter(overall_status=name)

    def with_issuing(self, name: str) -> Self:
        """Those whose Issuing badge is `name`."""
        return self.filter(badge=name)

    def needing_attention(self) -> Self:
        """Those for which somebody has to do something (accounts.requirements.models.Rule), soonest first."""
        soonest = models.F("due_at").asc(nulls_last=True)
        return self.filter(needs_attention=True, gone_at=None).order_by("-overdue", soonest, "-created", "-id")

    def off_unasked(self, *movers: str) -> Self:
        """Those whose Issuing is off, though Stripe asks for nothing by name, and one of `movers` has to act."""
        own = Capability.objects.filter(name=account_words.NAME, mover__in=movers, gone_at=None).values("account_id")
        silent = Q(card_issuing__mover=capability_words.ACCOUNT, card_issuing__gone_at=None)
        arriving = Q(card_issuing__badge=None) | Q(card_issuing__badge="")
        left_to_it = Account.objects.filter(silent | arriving, mover__in=movers).values("pk")
        found = self.filter(pk__in=own.order_by().union(left_to_it.order_by()))
        found = found.exclude(issuing_status__in=SETTLED)
        return found.filter(needs_attention=False, gone_at=None).order_by("-created", "-id")

    def due_by(self, at: datetime) -> Self:
        """Those with a deadline until then, or one that has passed."""
        return self.filter(next_due__lte=at, gone_at=None)

    def search(self, text: str, *, personal: bool = False) -> Self:
        """Those that `sought` names, as one query; console.lists.keyset reads pages of them faster."""
        found: Self = self.sought(text, personal=personal).among(self)
        return found

    def sought(self, text: str, *, personal: bool) -> Sought:
        """By id, or a part of a name, its own or a person's; for those who may see them (`personal`) of e-mail address,
        telephone number and metadata too, and by a person's telephone number.
        """
        if text.startswith("acct_"):
            return by_id(text)
        found = holds("name", text) | holds("legal_name", text)
        called = Person.objects.filter(holds("name", text), gone_at=None).order_by()
        named = Sought(elsewhere=(called.values_list("account_id", flat=True),))
        if not personal:
            return Sought(parts=(found,)) + named
        found |= holds("email", text) | holds_digits("phone", text)
        key = phone_key(text)
        persons = (Q(pk__in=Person.objects.filter(phone=key).values("account")),) if key else ()
        return Sought(exact=persons, parts=(found,)) + named + metadata.sought(text)

    def with_capability(self) -> Self:
        """Each with the capability that its Issuing badge is read from, in the same query."""
        return self.select_related("card_issuing")

    def with_banks(self) -> Self:
        """Each with `banks`: how many external accounts it has, in the same query."""
        own = ExternalAccount.objects.filter(account=models.OuterRef("pk"), gone_at=None).order_by()
        counted = own.values("account").annotate(many=models.Count("pk")).values("many")
        return self.annotate(banks=Coalesce(models.Subquery(counted), 0))


def left_at(accounts: "Iterable[Account]", passed: dict[tuple[str, str], int] | None = None) -> None:
    """Give each account `left_at`: its first deadline, in the past where keys are past due.

    One query; none where `passed`, the deadlines that have passed, is given.
    """
    rows = list(accounts)
    if passed is None:
        late = [row.pk for row in rows if row.needs_attention]
        passed = Requirement.objects.passed_deadlines(late) if late else {}
    for row in rows:
        past_due = texts_at(row.data, "requirements.past_due")
        over = [at for at in (clock.from_unix(passed.get((row.pk, key))) for key in past_due) if at]
        row.left_at = min([*over, *([row.due_at] if row.due_at else [])], default=None)  # type: ignore[attr-defined]


def rule() -> Rule:
    """What counts for attention on this platform."""
    return Rule(ignored=frozenset(settings.IGNORED_REQUIREMENTS))


class Account(Mirror):
    """A connected account. The columns are what lists filter and sort by; the rest is in `data`."""

    stripe_object = "account"
    listed_at = "/v1/accounts"
    watched = (
        "business_profile.name",
        "business_type",
        "charges_enabled",
        "country",
        "details_submitted",
        "payouts_enabled",
        "requirements.current_deadline",
        "requirements.disabled_reason",
        "settings.card_issuing.tos_acceptance.date",
        "tos_acceptance.date",
    )

    name = models.CharField(max_length=255, blank=True)  # as customers know it, else the legal name
    legal_name = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=800, blank=True)
    phone = models.CharField(max_length=16, blank=True, default="")  # gateway.spellings.phone_key
    country = models.CharField(max_length=8, blank=True)
    business_type = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=16, blank=True)  # of accounts.account.words.KINDS, from `controller`
    issuing_status = models.CharField(max_length=64, blank=True)  # by the account alone
    # The Issuing badge: by the capability, where it is there.
    badge = models.CharField(max_length=64, blank=True, default="", db_default="")
    overall_status = models.CharField(max_length=64, blank=True)
    details_submitted = models.BooleanField(default=False)
    needs_attention = models.BooleanField(default=False)
    overdue = models.BooleanField(default=False)  # some of what counts is past due
    due_at = models.DateTimeField(null=True)  # the earliest deadline to come of what counts
    next_due = models.DateTimeField(null=True)  # PASSED where it is overdue, else due_at
    mover = models.CharField(max_length=16, blank=True, default="")  # accounts.account.words.mover
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
            models.Index(fields=["overall_status", "-created", "-id"], name="account_overall", condition=VISIBLE),
            models.Index(fields=["badge", "-created", "-id"], name="account_badge", condition=VISIBLE),
            models.Index(
                fields=["overall_status", "badge", "-created", "-id"], name="account_overall_badge", condition=VISIBLE
            ),
            models.Index(fields=["kind", "-created", "-id"], name="account_kind", condition=VISIBLE),
            models.Index(fields=["business_type", "-created", "-id"], name="account_type", condition=VISIBLE),
            models.Index(fields=["country", "-created", "-id"], name="account_country", condition=VISIBLE),
            models.Index(
                fields=["-created", "-id"], name="account_needing", condition=VISIBLE & Q(needs_attention=True)
            ),
            # In the order of the list: whose deadline is later is passed over within the index.
            models.Index(fields=["-created", "-id", "next_due"], name="account_next_due", condition=DUE),
            models.Index(fields=["badge", "-created", "-id", "next_due"], name="account_badge_due", condition=DUE),
            models.Index(
                fields=["overall_status", "-created", "-id", "next_due"], name="account_overall_due", condition=DUE
            ),
            models.Index(
                fields=["-overdue", "due_at", "-created", "-id"],
                name="account_needing_attention",
                condition=Q(needs_attention=True, gone_at=None, data__isnull=False),
            ),
            models.Index(fields=["phone"], name="account_phone"),
            models.Index(fields=["mover"], name="account_mover", condition=~Q(mover="")),
        )

    def __str__(self) -> str:
        """Return the name, or the id of an account without one."""
        return texts.label(self.name, self.id)

    def get_absolute_url(self) -> str:
        """Its one page."""
        return reverse("account", args=[self.id])

    def set_columns(self) -> None:
        """Fill the columns from `data`."""
        data: Data = self.data or {}
        self.legal_name = legal_name(data)[:255]
        shown = name_at(data, "business_profile.name") or self.legal_name
        self.name = (shown or name_at(data, "settings.dashboard.display_name"))[:255]
        self.email = text_at(data, "email")[:800]
        self.phone = next(filter(None, (phone_key(text_at(data, path)) for path in PHONES)), "")
        self.country, self.business_type = shown_at(data, "country")[:8], shown_at(data, "business_type")[:64]
        self.kind = account_words.kind(data).name
        self.overall_status = account_words.overall(data).name[:64]
        self.issuing_status = account_words.issuing(data).name[:64]
        self.card_issuing_id = None if self.issuing_status in SETTLED else f"{self.id}.card_issuing"
        self.mover = account_words.mover(data) if self.card_issuing_id else ""
        self.details_submitted = bool(value_at(data, "details_submitted"))
        keys = set(rule().open_keys(data))
        due = hash_at(data, "requirements")
        deadline = value_at(due, "current_deadline") if keys.intersection(texts_at(due, "currently_due")) else None
        self.needs_attention, self.overdue = bool(keys), bool(keys.intersection(texts_at(due, "past_due")))
        self.due_at = clock.from_unix(deadline)
        self.next_due = PASSED if self.overdue else self.due_at

    def become(self, write: Write) -> None:
        """Its Issuing badge follows the account's own state, where it was that; else `written` decides."""
        before = self.issuing_status
        super().become(write)
        if self.badge in ("", before):
            self.badge = self.issuing_status

    @classmethod
    def written(cls, rows: Sequence[Self]) -> None:
        """Their Issuing badges."""
        keep_badges(cls.every.filter(pk__in=[row.pk for row in rows]))

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
        """Requirements, states and acceptances that the event changed; or that it connected, or left."""
        account_id = event.account or event.payload["data"]["object"]["id"]
        if event.type.startswith("account.application."):
            changes_models.record_connection(event, account_id)
            return
        change = history_models.change_by_event(event, account_id, "account")
        changes_models.record(change)
        terms_models.witness(change)

    @classmethod
    def witness_all(cls, events: Sequence[Event]) -> None:
        """Their history in a few statements."""
        with changes_models.together():
            super().witness_all(events)

    @classmethod
    def witness_differences(cls, found: Sequence[Difference]) -> None:
        """The same, found by reading."""
        changes = [history_models.change_by_reading(row.id, old, new, "account", row) for old, new, row in found]
        changes_models.record_found(changes)
        terms_models.witness(*changes)

    # What it says of itself

    @property
    def overall(self) -> capabilities_words.Status:
        """The badge of the account as a whole."""
        return account_words.overall(self.data or {})

    @property
    def issuing(self) -> capabilities_words.Status:
        """The Issuing badge, and in one sentence why; costs a query unless read `with_capability`."""
        off, badge = self.issuing_off, account_words.issuing(self.data or {}, self.issuing_capability)
        return replace(badge, why=off.sentence) if off else badge

    @property
    def issuing_off(self) -> Off | None:
        """Why Issuing is off, None where it is on; costs a query unless read `with_capability`."""
        return account_words.why_off(self.data or {}, self.issuing_capability)

    @property
    def issuing_capability(self) -> Data | None:
        """Its card_issuing as Stripe sent it; None where it has not arrived, or the account's own data suffice."""
        if self.card_issuing_id is None:
            return None
        try:
            row = self.card_issuing
        except Capability.DoesNotExist:  # not yet imported
            return None
        return row.data if row and not row.gone else None

    @property
    def set_up(self) -> account_words.Kind:
        """How it is set up, and why it can or cannot issue."""
        return account_words.kind(self.data or {})

    # What staff can do with it

    @classmethod
    def create_account(cls, *, key: str, params: Data) -> "tuple[Account, Answer]":
        """Create one with these parameters of Stripe's (accounts.account.forms.create_params); one call.

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
        """Record the holder's acceptance (accounts.terms.models.params); one call. Raises Refused, Unreachable.

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


def legal_name(data: Data) -> str:
    """The company's name, or the individual's."""
    return name_at(data, "company.name") or person_name(hash_at(data, "individual"))


CURRENCIES = {"US": "usd", "GB": "gbp"}  # what an account of this country issues in; eur elsewhere in Europe


def currency_of(account_id: str) -> str:
    """The one currency in which an account issues. One query."""
    return issues_in(country_of(account_id))


def issues_in(country: str) -> str:
    """The currency in which accounts of a country issue."""
    return CURRENCIES.get(country, "eur")


def country_of(account_id: str) -> str:
    """The account's country, "" where it is not known. One query."""
    return Account.objects.filter(pk=account_id).values_list("country", flat=True).first() or ""

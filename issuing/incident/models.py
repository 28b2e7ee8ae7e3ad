"""Which cards an incident means, what is sent for them, and the freezes that were begun."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum
from django.urls import reverse

from accounts.account.models import Account
from console.bulk import runs, undoing
from console.bulk.control import under_way
from console.bulk.models import BulkRun
from console.bulk.runs import Wanted
from console.operations import verbs
from console.people.models import User
from gateway import clock, texts
from gateway.spellings import holds
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.incident.words import Named, read

FREEZE_HOLDER, FREEZE_CARD = "issuing.deactivate_cardholder", "issuing.deactivate_card"
HOLDERS = "issuing.update_cardholder"  # the permission to freeze a cardholder; without it each card is frozen
NEVER = datetime.min.replace(tzinfo=UTC)
VIA = "incident"
COLUMNS = ("account_id", "last4", "created", "cardholder__account_id", "cardholder__name")  # that a plan shows
COUNTED = 100_000  # rows beyond those of one run that a preview counts
NOTHING = "No card that works is meant: nothing is sent."
STILL_SENT = "The freeze is stopped, and {:,} of its rows {} still on the way to Stripe: press Undo again in a moment."


@dataclass(frozen=True)
class Selection:
    """What is meant: all that is named, and the cards that were used at a merchant within so many days."""

    ids: str = ""  # as it was pasted
    merchant: str = ""  # a part of the name, or the id that the card network gives
    days: int = 7

    @cached_property
    def named(self) -> Named:
        """The ids that it holds."""
        return read(self.ids)

    @property
    def digest(self) -> str:
        """Tells it from another one: what is frozen is what the preview was of."""
        words = f"{self.ids}\0{self.merchant}\0{self.days}"
        return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def used(self) -> Any:
        """Authorizations at the merchant, approved or not, in the last days of Stripe's clock."""
        since = Q(created__gte=clock.now() - timedelta(days=self.days))
        named, known = holds("merchant_name", self.merchant), Q(network_id=self.merchant)
        return Authorization.objects.filter((known & since) | (named & since))  # so that each has its own index

    def cards(self) -> Any:
        """The cards that work now and are meant. What is inactive, or whose cardholder is, declines already."""
        meant = Q(account__in=self.named.accounts) | Q(cardholder__in=self.named.cardholders)
        meant |= Q(pk__in=self.named.cards)
        if self.merchant:
            meant |= Q(pk__in=self.used().values("card"))
        working = Card.objects.filter(meant, status="active", gone_at=None)
        return working.exclude(cardholder__status__in=("inactive", "blocked"))

    def unknown(self) -> list[str]:
        """The ids among them that are not known here. Three queries at most."""
        known: set[str] = set()
        for model, ids in (
            (Account, self.named.accounts),
            (Cardholder, self.named.cardholders),
            (Card, self.named.cards),
        ):
            if ids:
                known |= set(model.objects.filter(pk__in=ids).values_list("pk", flat=True))
        return [each for each in self.named.ids if each not in known]

    def merchants(self) -> list[tuple[str, int]]:
        """Under which names the merchant was found, and how many cards were used there, the most first. One query."""
        if not self.merchant:
            return []
        rows = self.used().order_by().values_list("merchant_name").annotate(many=Count("card", distinct=True))
        return sorted(rows, key=lambda row: (-row[1], row[0]))


@dataclass(frozen=True)
class Line:
    """One call of the plan: a cardholder with all their active cards, or one card."""

    wanted: Wanted
    cards: int
    used: datetime | None  # the last authorization with any of them
    name: str
    about: Any  # the row: its columns alone, without `data`

    @property
    def url(self) -> str:
        """Its page."""
        return str(self.about.get_absolute_url())


@dataclass
class Plan:
    """What would be sent: one call for a cardholder all of whose active cards are meant, else one row a card."""

    holders: list[Line] = field(default_factory=list)
    cards: list[Line] = field(default_factory=list)
    people: int = 0  # cardholders that hold any of them
    left: int = 0  # rows beyond what one run takes: for a second time
    held: list[tuple[str, int, int]] = field(default_factory=list)  # (currency, open authorizations, minor units)

    @property
    def lines(self) -> list[Line]:
        """All of them, the most recently used first."""
        return sorted((*self.holders, *self.cards), key=lambda line: line.used or NEVER, reverse=True)

    @property
    def many(self) -> int:
        """Cards that are frozen."""
        return sum(line.cards for line in (*self.holders, *self.cards))

    @property
    def accounts(self) -> set[str]:
        """Their accounts."""
        return {line.wanted.account_id for line in (*self.holders, *self.cards)}

    @property
    def calls(self) -> int:
        """API calls."""
        return len(self.holders) + len(self.cards)

    @property
    def length(self) -> timedelta:
        """How long the calls take at the rate budget, all of which they get: a second at least."""
        seconds = self.calls / settings.STRIPE_RATE if settings.STRIPE_RATE > 0 else 0
        return timedelta(seconds=max(seconds, 1))


def plan(selection: Selection, *, may_holders: bool = True) -> Plan:
    """What would be sent for a selection, as the mirror knows. Seven queries at most.

    The most recently used stand first, and no more rows than two runs take come into memory; what is beyond is counted
    no further than COUNTED.
    """
    cards = selection.cards()
    whole = _whole(cards) if may_holders else None
    alone = cards
    if whole is not None:
        alone = cards.filter(Q(cardholder=None) | ~Q(cardholder__in=whole.values("cardholder")))
    planned = Plan(people=_counted(cards.exclude(cardholder=None).values("cardholder").distinct()), held=_held(cards))
    planned.holders = _holder_lines(whole) if whole is not None else []
    planned.cards = _card_lines(alone)
    for found, lines in ((whole, planned.holders), (alone, planned.cards)):
        if found is not None and len(lines) == runs.MOST:
            planned.left += _counted(found.order_by()) - runs.MOST
    return planned


def _counted(rows: Any) -> int:
    return int(rows.order_by()[: runs.MOST + COUNTED].count())


def _used(cards: Any) -> Any:
    """These cards, each with the moment of its last authorization (`used`)."""
    last = Authorization.objects.filter(card=OuterRef("pk")).order_by("-created").values("created")[:1]
    return cards.annotate(used=Subquery(last))


def _whole(cards: Any) -> Any:
    """The cardholders all of whose active cards are meant: `cardholder`, `many` cards, `last` use."""
    own = Card.objects.filter(cardholder=OuterRef("cardholder"), status="active", gone_at=None).order_by()
    active = own.values("cardholder").annotate(many=Count("pk")).values("many")
    here = _used(cards).filter(cardholder__data__isnull=False, cardholder__gone_at=None).order_by()
    meant = here.values("cardholder").annotate(many=Count("pk"), last=Max("used"), newest=Max("created"))
    return meant.filter(many=Subquery(active))


def _holder_lines(whole: Any) -> list[Line]:
    """Two queries."""
    order = (F("last").desc(nulls_last=True), "-newest", "-cardholder")
    found = list(whole.order_by(*order).values_list("cardholder", "many", "last")[: runs.MOST])
    told = Cardholder.objects.only("account_id", "name").annotate(called=F("account__name"))
    rows = {row.pk: row for row in told.filter(pk__in=[holder for holder, _, _ in found])}
    return [_line(rows[holder], many, last, str(rows[holder])) for holder, many, last in found if holder in rows]


def _card_lines(alone: Any) -> list[Line]:
    """One query."""
    here = Q(cardholder__data__isnull=False, cardholder__gone_at=None)
    told = _used(alone).select_related("cardholder").only(*COLUMNS)
    told = told.annotate(holder_here=here, called=F("account__name"))
    rows = told.order_by(F("used").desc(nulls_last=True), "-created", "-id")[: runs.MOST]
    return [_line(row, 1, row.used, f"{row}, {row.cardholder}" if row.holder_here else str(row)) for row in rows]


def _line(row: Any, cards: int, used: datetime | None, name: str) -> Line:
    return Line(Wanted(row.account_id, texts.label(row.called or "", row.account_id), row.pk), cards, used, name, row)


def _held(cards: Any) -> list[tuple[str, int, int]]:
    """What merchants can still capture with these cards, by currency. One query."""
    open_ones = Authorization.objects.filter(card__in=cards.values("pk"), approved=True, status="pending").order_by()
    rows = open_ones.values_list("currency").annotate(many=Count("pk"), amount=Sum("amount"))
    return sorted((currency, many, amount or 0) for currency, many, amount in rows)


class Freeze(models.Model):
    """One use of the incident switch: what was meant, and the runs that freeze it.

    The runs are drafted, stand here, and are then started: whenever a process is killed, what is left is begun by
    `go_on`, and nothing is begun twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    form_token = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)  # Stripe's clock, as what is frozen is Stripe's
    ids = models.TextField(blank=True)
    merchant = models.CharField(max_length=255, blank=True)
    days = models.PositiveSmallIntegerField(default=7)
    reason = models.TextField()
    ticket = models.CharField(max_length=64, blank=True)
    via = models.CharField(max_length=16, default=VIA)
    cards = models.PositiveIntegerField(default=0)  # that work until then
    accounts = models.PositiveIntegerField(default=0)
    # A draft that was never begun is forgotten after a day.
    holder_run = models.OneToOneField(BulkRun, null=True, on_delete=models.SET_NULL, related_name="+")
    card_run = models.OneToOneField(BulkRun, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        """Read newest first, by those who may freeze cards."""

        ordering = ("-at",)
        default_permissions = ()
        indexes = (models.Index(fields=["-at", "-id"], name="freeze_at"),)

    def __str__(self) -> str:
        """When it was begun."""
        return f"Freeze {self.pk}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("freeze", args=[self.pk])

    @property
    def selection(self) -> Selection:
        """What was meant."""
        return Selection(self.ids, self.merchant, self.days)

    @property
    def runs(self) -> list[BulkRun]:
        """Those of its runs that there are, the cardholders' first."""
        return [run for run in (self.holder_run, self.card_run) if run]

    def go_on(self, user: User) -> None:
        """Begin what is not begun yet. Raises Denied, also for anybody but who began it. Safe to repeat."""
        if not self.runs:
            self._draft()
        for run in self.runs:
            if run.state == BulkRun.State.DRAFT:
                runs.start(run, user, reason=self.reason, ticket=self.ticket)

    def _draft(self) -> None:
        planned = plan(self.selection, may_holders=self.user.has_perm(HOLDERS))
        if not planned.many:
            raise runs.Denied(NOTHING)
        self.holder_run = self._drafted(FREEZE_HOLDER, planned.holders)
        self.card_run = self._drafted(FREEZE_CARD, planned.cards)
        self.cards, self.accounts = planned.many, len(planned.accounts)
        with transaction.atomic():
            mine = Freeze.objects.filter(pk=self.pk, holder_run=None, card_run=None)
            if mine.select_for_update(of=("self",), no_key=True).exists():
                self.save(update_fields=["holder_run", "card_run", "cards", "accounts"])
                return
        self.refresh_from_db()  # another click was faster: its runs count, these drafts are never begun

    def _drafted(self, verb: str, lines: Iterable[Line]) -> BulkRun | None:
        rows = [line.wanted for line in lines]
        run = BulkRun(
            verb=verb,
            user=self.user,
            via=self.via,
            reason=self.reason,
            ticket=self.ticket,
            form_token=uuid.uuid4().hex,
            urgent=True,
        )
        return runs.draft(run, rows) if rows else None


def begin(
    selection: Selection, *, user: User, reason: str, ticket: str = "", form_token: str = "", via: str = VIA
) -> Freeze:
    """Freeze what is meant, the most recently used first; the worker goes on. The same token gives the first one.

    Raises Denied.
    """
    meant = f"{form_token}:{user.pk}:{selection.ids}:{selection.merchant}:{selection.days}"  # another choice is another
    token = uuid.uuid5(uuid.NAMESPACE_URL, meant).hex if form_token else uuid.uuid4().hex
    freeze = Freeze(
        form_token=token,
        user=user,
        ids=selection.ids,
        merchant=selection.merchant,
        days=selection.days,
        reason=reason.strip(),
        ticket=ticket,
        via=via,
    )
    try:
        with transaction.atomic():
            freeze.save(force_insert=True)
    except IntegrityError:
        first = Freeze.objects.select_related("holder_run", "card_run").filter(form_token=token).first()
        if first is None:  # the first click found that it means nothing, and took it away
            raise runs.Denied(NOTHING) from None
        first.go_on(user)  # where its process ended before all of it had begun
        return first
    try:
        freeze.go_on(user)
    except runs.Denied:
        if not freeze.runs:
            freeze.delete()
        raise
    return freeze


def undo(
    freeze: Freeze, user: User, reason: str, *, ticket: str = "", form_token: str = ""
) -> tuple[list[BulkRun], list[str]]:
    """Have work again what this freeze stopped and nobody changed since; its runs that still go on are stopped first.

    The new runs, and why there is none for others of its runs. Raises Denied, also where nothing is left to undo, and
    while anything of it is on its way: that would stay frozen.
    """
    problem: runs.Denied | None = None
    begun: list[BulkRun] = []
    refused: list[str] = []
    for run in freeze.runs:
        run.refresh_from_db(fields=["state"])
        if run.state == BulkRun.State.RUNNING:
            runs.stop(run, user)
    if many := sum(under_way(run) for run in freeze.runs):
        raise runs.Denied(STILL_SENT.format(many, "is" if many == 1 else "are"))
    for run in freeze.runs:
        token = f"{form_token[:31]}{'h' if run == freeze.holder_run else 'c'}" if form_token else ""
        try:
            begun.append(undoing.undo(run, user, reason, ticket=ticket, form_token=token))
        except runs.Denied as denied:
            problem = denied
            refused.append(f"{label(run)}: {denied}")
    if problem and not begun:
        raise problem
    return begun, refused


def label(run: BulkRun) -> str:
    """What a run does, as its verb's action says."""
    verb = verbs.find(run.verb)
    return (verb.label_many or verb.label) if verb else run.verb

"""The overview of one account's Issuing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, Q, Subquery
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import path, reverse

from accounts.account.models import Account
from accounts.account.pages import get_account
from accounts.issuing_off.pages import button, off_of
from console.operations import buttons
from console.operations.buttons import of_account_all
from console.people.signed_in import may_see
from console.shell import figures
from console.shell.plot import round_step
from console.viewing.addresses import VIEWED
from console.viewing.objects import RECENT, AccountView
from gateway import clock
from issuing.authorizations import words
from issuing.authorizations.models import Authorization
from issuing.balances.pages import funds, history
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card

WORKING = ("enabled", "restricted_soon")  # cards of such an account work
STATES = {
    "enabled": "Cards work.",
    "restricted_soon": "Cards work. Something is due by a date, or they will be declined.",
}
STEPS = {
    "cardholder": "A cardholder: who may hold cards",
    "card": "A card, and its activation",
    "money": "Money on the Issuing balance",
    "use": "The first authorization",
}


class OverviewPage(AccountView):
    """Badge, both balances, the last days, recent authorizations, and what to do next. At most ten queries."""

    template = "issuing/overview/overview.html"

    def parts(self) -> dict[str, Any]:
        """What the page shows."""
        account = get_account(self.request, self.account_id)
        off = off_of(account, may_see=may_see(self.request))
        found = funds(account)
        rows = list(Authorization.objects.of_account(self.account_id).with_card()[:RECENT])
        step = self.next_step(account, found, rows)
        names = ("issuing.create_topup", "issuing.create_test_authorization")
        works = step is None and account.issuing.name in WORKING
        return {
            "title": "Issuing overview",
            "account": account,
            "state": account.issuing,
            "sentence": STATES.get(account.issuing.name, "Cards are declined."),
            "off": off,
            "off_button": button(self.request, account.pk, off),
            **found,
            **history(found),
            "rows": rows,
            "next_step": step,
            "buttons": of_account_all(self.request, self.account_id, *names) if works else [],
        }

    def next_step(self, account: Account, found: dict[str, Any], rows: list[Authorization]) -> dict[str, Any] | None:
        """What to do first where something is still missing; None once cards have been used. At most one query."""
        if rows or account.issuing.name not in WORKING:
            return None
        cards = Card.objects.of_account(account.pk)
        has_cardholder, has_active, idle = Account.objects.values_list(
            Exists(Cardholder.objects.of_account(account.pk)),
            Exists(cards.with_status("active")),
            Subquery(cards.with_status("inactive").values("pk")[:1]),
        ).get(pk=account.pk)
        steps = (
            ("cardholder", has_cardholder, "issuing.create_cardholder"),
            ("card", has_active, "issuing.create_card"),
            ("money", bool(found["available"]), "issuing.create_topup"),
            ("use", False, "issuing.create_test_authorization"),
        )
        missing, _, verb = next(step for step in steps if not step[1])
        inactive = Card(id=idle, account_id=account.pk, status="inactive")  # enough for its button
        return {
            "steps": [(STEPS[name], done) for name, done, _ in steps],
            "button": buttons.of_object(self.request, "issuing.activate_card", inactive)
            if idle and missing == "card"
            else buttons.of_account(self.request, verb, account.pk),
        }


MANY = 14
WIDTH, HEIGHT = 560, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 6, 20, 24
BY_DAY = "authorizations.by_day"  # the figure of that
Counted = dict[tuple[date, bool], int]


@dataclass(frozen=True)
class Column:
    """One day: numbers, and the two rectangles (x, width, top and height of each)."""

    day: date
    approved: int
    declined: int
    x: float
    width: float
    approved_y: float
    approved_height: float
    declined_y: float
    declined_height: float

    @property
    def middle(self) -> float:
        """Where its words stand."""
        return round(self.x + self.width / 2, 1)


def columns(counted: Counted, today: date) -> tuple[list[Column], list[tuple[float, int]]]:
    """A column for each of the last days, oldest first, and the lines across as (y, number)."""
    days = [today - timedelta(days=back) for back in reversed(range(MANY))]
    most = max(counted.get((day, True), 0) + counted.get((day, False), 0) for day in days)
    step = round_step(most / 3)
    high = max(step * -(-most // step), step)
    scale, slot = (HEIGHT - TOP - BOTTOM) / high, (WIDTH - LEFT - RIGHT) / MANY
    ground, found = HEIGHT - BOTTOM, []
    for place, day in enumerate(days):
        approved, declined = counted.get((day, True), 0), counted.get((day, False), 0)
        tall, cap = round(approved * scale, 1), round(declined * scale, 1)
        gap = 1 if approved and declined else 0
        tops = (round(ground - tall, 1), tall, round(ground - tall - cap - gap, 1), cap)
        found.append(Column(day, approved, declined, round(LEFT + place * slot + slot * 0.2, 1), slot * 0.6, *tops))
    return found, [(round(ground - line * scale, 1), line) for line in range(0, high + 1, step)]


def above(shown: list[Column], peak: Column) -> float:
    """The height of the words over a column: above its neighbours too, because the words reach over them."""
    place = shown.index(peak)
    return min(each.declined_y for each in shown[max(place - 1, 0) : place + 2]) - 5


def _beside(shown: list[Column], peak: Column) -> dict[str, Any]:
    """Where the words over a column begin or end: inside the drawing at its edges, however large a phone draws them."""
    place = shown.index(peak)
    if place < 2:
        return {"peak_x": peak.x, "peak_anchor": "start"}
    if place > MANY - 3:
        return {"peak_x": peak.x + peak.width, "peak_anchor": "end"}
    return {"peak_x": peak.middle, "peak_anchor": "middle"}


def fortnight(request: HttpRequest) -> dict[str, Any]:
    """The panel, from what the worker keeps: one query."""
    today = clock.now().date()
    edge = today - timedelta(days=MANY - 1)
    rows = [(date.fromisoformat(day), *row) for day, *row in figures.of(request, BY_DAY)]
    counted: Counted = {}
    for day, approved, _, many in rows:
        if day >= edge:
            counted[day, approved] = counted.get((day, approved), 0) + many
    shown, lines = columns(counted, today)
    peak = max(shown, key=lambda each: each.declined)
    approved, declined = sum(each.approved for each in shown), sum(each.declined for each in shown)
    return {
        "columns": shown,
        "lines": lines,
        "peak": peak if peak.declined else None,
        "peak_y": above(shown, peak),
        **_beside(shown, peak),
        "approved": approved,
        "declined": declined,
        "reasons": _reasons([(reason, day, many) for day, approved, reason, many in rows if not approved], edge),
        "first": shown[0].day,
        "last": shown[-1].day,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "label_y": HEIGHT - 7,
        "right": WIDTH - RIGHT,
        "url": (url := reverse("admin:issuing_authorization_changelist")),
        "more": {"url": url, "label": "All authorizations"},
    }


def by_day() -> list[list[Any]]:
    """[day, approved, reason, how many] of MANY days, of what was declined of as many before them; the worker keeps it.

    One query.
    """
    start = datetime.combine(clock.now().date() - timedelta(days=MANY - 1), time.min, UTC)
    asked = Q(created__gte=start) | Q(created__gte=start - timedelta(days=MANY), approved=False)
    rows = Authorization.objects.filter(asked).order_by().values_list(TruncDate("created"), "approved", "reason")
    return [[day.isoformat(), *row] for day, *row in rows.annotate(many=Count("pk"))]


def _reasons(declined: Iterable[tuple[str, date, int]], edge: date) -> list[dict[str, Any]]:
    """Why authorizations were declined in these days, the commonest first, beside the 14 days before."""
    found: dict[str, list[int]] = {}
    for reason, day, many in declined:
        found.setdefault(reason, [0, 0])[day < edge] += many
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    return [{"name": name, "words": title(name), "now": pair[0], "before": pair[1]} for name, pair in ordered]


def title(reason: str) -> str:
    """A reason of Stripe's in words; one that is not known as it came."""
    known = words.REASONS.get(reason)
    return known.title[:1].upper() + known.title[1:] if known else reason or "No reason given"


urlpatterns = [
    path(f"{VIEWED}/issuing/overview", OverviewPage.as_view(), name="issuing_overview"),
]

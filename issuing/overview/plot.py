"""Authorizations of the last 14 days: stacked columns with their table, and why purchases were declined."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse

from gateway import clock
from issuing.authorizations import words
from issuing.authorizations.models import Authorization

MANY = 14
WIDTH, HEIGHT = 560, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 6, 20, 24
STEPS = (1, 2, 2.5, 5, 10)
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
    step = _step(most)
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
    """Where words over a column stand: clear of its neighbours too, which the words reach."""
    place = shown.index(peak)
    return min(each.declined_y for each in shown[max(place - 1, 0) : place + 2]) - 5


def _step(most: int) -> int:
    """A round number of which three or four hold the highest column."""
    power = 1
    while power * 10 <= most / 3:
        power *= 10
    return next((int(power * each) for each in STEPS if each * power >= most / 3 and each * power % 1 == 0), 1)


def context(request: HttpRequest) -> dict[str, Any]:
    """The panel: two queries."""
    now = clock.now()
    today = now.date()
    rows = _since(now, MANY).values_list(TruncDate("created"), "approved").annotate(many=Count("pk"))
    counted: Counted = {(day, approved): many for day, approved, many in rows}
    shown, lines = columns(counted, today)
    peak = max(shown, key=lambda each: each.declined)
    approved, declined = sum(each.approved for each in shown), sum(each.declined for each in shown)
    return {
        "columns": shown,
        "lines": lines,
        "peak": peak if peak.declined else None,
        "peak_y": above(shown, peak),
        "approved": approved,
        "declined": declined,
        "reasons": _reasons(now),
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


def _since(now: datetime, days: int) -> Any:
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    return Authorization.objects.filter(created__gte=start).order_by()


def _reasons(now: datetime) -> list[dict[str, Any]]:
    """Why purchases were declined in these days, the commonest first, beside the 14 days before."""
    edge = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=MANY - 1)
    rows = _since(now, 2 * MANY).declined().values_list("reason", TruncDate("created")).annotate(many=Count("pk"))
    found: dict[str, list[int]] = {}
    for reason, day, many in rows:
        found.setdefault(reason, [0, 0])[day < edge.date()] += many
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    return [{"name": name, "words": title(name), "now": pair[0], "before": pair[1]} for name, pair in ordered]


def title(reason: str) -> str:
    """A reason of Stripe's in words; one that is not known as it came."""
    known = words.REASONS.get(reason)
    return known.title[:1].upper() + known.title[1:] if known else reason or "No reason given"

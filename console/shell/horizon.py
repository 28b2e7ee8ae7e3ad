"""How near deadlines are, as five boxes with a tick for each thing. Pure: figures in, coordinates out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WIDTH = 200  # of a box's line, in the units of its drawing
LATEST = timedelta(days=365)  # the right end of the last box; the left end of the first is a month ago
MONTH, WEEK = timedelta(days=30), timedelta(days=7)


@dataclass
class Box:
    """One span of time. `ticks` are places on a line of WIDTH."""

    label: str
    short: str
    tone: str
    icon: str = ""
    count: int = 0
    ticks: list[int] = field(default_factory=list)
    width: int = WIDTH


def boxes(times: Iterable[datetime | None], now: datetime) -> list[Box]:
    """Overdue, Today, Next 7 days, Next 30 days, Later. What has no deadline is wrong now, and is for today."""
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    edges = (now - MONTH, now, tomorrow, now + WEEK, now + MONTH, now + LATEST)
    found = [
        Box("Overdue", "Overdue", "bad", "triangle"),
        Box("Today", "Today", "warn", "clock"),
        Box("Next 7 days", "7 days", ""),
        Box("Next 30 days", "30 days", ""),
        Box("Later", "Later", ""),
    ]
    for at in times:
        place = 1 if at is None else sum(at >= edge for edge in edges[1:5])
        start, end = edges[place], edges[place + 1]
        share = ((at or now) - start) / (end - start)
        found[place].count += 1
        found[place].ticks.append(round(min(max(share, 0.01), 0.99) * WIDTH))
    for box in found:
        box.ticks = sorted(set(box.ticks))
        box.tone = box.tone if box.count else ""
    return found

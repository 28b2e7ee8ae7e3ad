"""Money, moments and spans of time in words. Pure: no template, no clock of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# docs.stripe.com/currencies: amounts are in the smallest unit; these have no decimals, or three, instead of two.
NO_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
MINUS = "\u2212"
SOON = timedelta(hours=6)  # due tomorrow by the calendar, but before this shift ends
DEFAULT_WINDOW = timedelta(days=30)  # what a fuse without a start burns down from
DAY, HOUR, MINUTE = 86_400, 3_600, 60


def decimals(currency: str) -> int:
    """How many decimals a currency's smallest unit stands for: 0, 2 or 3."""
    code = currency.upper()
    return 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2


def money(amount: int, currency: str) -> str:
    """Minor units as a number without its code: (-123456, "usd") → "−1,234.56"."""
    places = decimals(currency)
    whole, rest = divmod(abs(amount), 10**places)
    fraction = f".{rest:0{places}d}" if places else ""
    return f"{MINUS if amount < 0 else ''}{whole:,}{fraction}"


def as_datetime(value: datetime | int | None) -> datetime | None:
    """An aware UTC datetime of a datetime or of unix seconds as Stripe sends them; None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, (datetime, int)):
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def day(at: datetime) -> str:
    """3 Mar 2026."""
    return f"{at.day} {at:%b %Y}"


def minute(at: datetime) -> str:
    """24 Nov 2026, 14:09 UTC."""
    return f"{day(at)}, {at:%H:%M} UTC"


def in_list(at: datetime) -> str:
    """24 Nov 2026, 14:09: for columns whose heading says UTC."""
    return f"{day(at)}, {at:%H:%M}"


def second(at: datetime) -> str:
    """Tue 24 Nov 2026, 14:09:03 UTC."""
    return f"{at:%a} {day(at)}, {at:%H:%M:%S} UTC"


def span(length: timedelta) -> str:
    """A span's largest whole unit: "4 s", "11 min", "17 h", "1 day", "31 days"."""
    seconds = int(abs(length.total_seconds()))
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < DAY:
        return f"{seconds // HOUR} h"
    days = seconds // DAY
    return "1 day" if days == 1 else f"{days:,} days"


def countdown(length: timedelta) -> str:
    """A short span with its seconds: "4 min 52 s"; from an hour on as `span`."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds >= HOUR or seconds < MINUTE:
        return span(timedelta(seconds=seconds))
    return f"{seconds // MINUTE} min {seconds % MINUTE} s"


def ago(at: datetime, now: datetime) -> str:
    """How long before `now`: "4 s ago"; "in 3 days" for what lies ahead."""
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


@dataclass(frozen=True)
class TimeLeft:
    """A deadline in words and as the share of its time that is left."""

    words: str  # "6 days left", "1 day overdue"
    short: str  # for lists: "6 days", "1 day over"
    tone: str  # "bad" overdue, "warn" due today (UTC) or within SOON, "" otherwise
    share: int  # 0 to 100: of the bar; a bar that has run out is drawn whole, in red


def time_left(deadline: datetime, now: datetime, start: datetime | None = None) -> TimeLeft:
    """How much of a deadline is left; `start` is when it was set (30 days before it where that is not known)."""
    left = deadline - now
    words = span(left)
    if left <= timedelta(0):
        return TimeLeft(f"{words} overdue", f"{words} over", "bad", 100)
    window = max(deadline - start, timedelta(seconds=1)) if start else DEFAULT_WINDOW
    share = min(max(round(100 * (left / window)), 2), 100)
    today = deadline.date() == now.date() or left < SOON
    return TimeLeft(f"{words} left", words, "warn" if today else "", share)


def shorten(value: str, head: int = 9, tail: int = 4) -> str:
    """An id with its middle left out, "acct_1R4b…kT7q"; short ones stay whole."""
    return value if len(value) <= head + tail + 1 else f"{value[:head]}…{value[-tail:]}"


def plain(value: str) -> str:
    """One of Stripe's enum values as words: "automated_fuel_dispensers" → "Automated fuel dispensers"."""
    text = value.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def amount(minor: int, currency: str) -> str:
    """Minor units with their code: (20000, "usd") → "200.00 USD"."""
    return f"{money(minor, currency)} {currency.upper()}"


def shown(value: Any) -> str:
    """A value as a reader of Stripe's API writes it: true and false small, nothing as an empty string."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return '""' if value is None or value == "" else str(value)


def flat(params: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Nested parameters by their names on Stripe's wire: ("company[name]", "Kestrel"), …"""
    if not isinstance(params, (dict, list, tuple)):
        yield name, params
        return
    for key, part in params.items() if isinstance(params, dict) else enumerate(params):
        yield from flat(part, f"{name}[{key}]" if name else str(key))

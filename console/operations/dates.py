"""Days and moments as the console prints them (console.shell.formats), read back. Pure.

3 Mar 2026 · 24 Nov 2026, 14:09 UTC · Tue 24 Nov 2026, 14:09:03 UTC · Tuesday, 24 November 2026
2026-11-24 14:09:03 UTC · 2026-11-24T14:09:03Z
"""

import re
from datetime import UTC, datetime

PRINTED = re.compile(
    r"(?:(?P<weekday>[A-Za-z]{3,9}),?\s+)?(?P<day>[0-9]{1,2} [A-Za-z]{3,9} [0-9]{4})"
    r"(?:,?\s+(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\s+UTC)?)?"
)
ISO = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[ T](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\s+UTC|Z|\+00:00)"
)


def read(text: str) -> datetime | None:
    """The moment in UTC, midnight of a day; None for what is not printed so, a wrong weekday or no such day."""
    words = " ".join(text.split())
    if found := PRINTED.fullmatch(words):
        formats = ["%d %b %Y", "%d %B %Y"]
    elif found := ISO.fullmatch(words):
        formats = ["%Y-%m-%d"]
    else:
        return None
    time = found["time"] or "00:00"
    seconds = ":%S" if time.count(":") > 1 else ""
    moments = (_parsed(f"{found['day']} {time}", f"{each} %H:%M{seconds}") for each in formats)
    at = next(filter(None, moments), None)
    weekday = found.groupdict().get("weekday")
    return None if at and weekday and weekday not in (f"{at:%a}", f"{at:%A}") else at


def _parsed(text: str, shape: str) -> datetime | None:
    try:
        return datetime.strptime(text, shape).replace(tzinfo=UTC)
    except ValueError:
        return None

"""What stands in an address, read without raising: a time or a row's number, None for anything else."""

import re
from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime

NUMBER = re.compile(r"[0-9]{1,18}")  # what the databases' 64 bits hold; Unicode knows digits that are no numbers


def number(text: str) -> int | None:
    """A row's number."""
    return int(text) if NUMBER.fullmatch(text) else None


def as_datetime(text: str, *, zone: bool = False) -> datetime | None:
    """An ISO moment, in UTC; without a zone it is taken as UTC, or (`zone`) is none."""
    try:
        found = parse_datetime(text)
        if found is None or (zone and found.tzinfo is None):
            return None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # no such day; or UTC, in which databases compare, has no such year
        return None

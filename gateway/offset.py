"""How far Stripe's clock is from ours, by the Date header of its answers; shared by all processes in one row."""

import logging
import time
from email.utils import parsedate_to_datetime

from django.db import Error
from django.utils import timezone

from gateway.models import ClockOffset

MEMO_SECONDS = 1.0
# A Date header is whole seconds and a round trip takes time: a smaller difference says nothing.
NOTICEABLE = 2.0

logger = logging.getLogger(__name__)
_memo: tuple[float, float] | None = None  # offset, time.monotonic() of its reading
_answered_at: float | None = None  # time.monotonic() of the last answer this process saw


def offset() -> float:
    """Stripe's clock minus ours, in seconds; 0 as long as Stripe has not answered. At most one query a second."""
    if _memo is not None and time.monotonic() - _memo[1] < MEMO_SECONDS:
        return _memo[0]
    found = ClockOffset.objects.values_list("offset", flat=True).first()
    return _remember(0.0 if found is None else found)


def note(date_header: str, sent_wall: float) -> None:
    """Learn from an answer's Date header; `sent_wall` is time.time() when its request left.

    Writes only when the clock moved noticeably. A database that cannot be asked now must not cost the answer.
    """
    global _answered_at
    received_wall = time.time()
    date = parse_date(date_header)
    if date is None:
        return
    _answered_at = time.monotonic()
    # The header's second began up to a second ago, and the answer was made somewhere on the way.
    seen = date + 0.5 - (sent_wall + received_wall) / 2
    try:
        if abs(seen - offset()) >= NOTICEABLE + (received_wall - sent_wall) / 2:
            row = ClockOffset(id=1, offset=seen, seen_at=timezone.now())
            ClockOffset.objects.bulk_create(
                [row], update_conflicts=True, unique_fields=["id"], update_fields=["offset", "seen_at"]
            )
            _remember(seen)
    except Error as error:
        logger.warning("Stripe's clock could not be stored: %s", type(error).__name__)


def parse_date(header: str) -> int | None:
    """Unix seconds of an HTTP date; None where it is none."""
    try:
        return int(parsedate_to_datetime(header).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


def answered_ago() -> float:
    """Seconds since this process last saw an answer of Stripe's; infinite before the first."""
    return float("inf") if _answered_at is None else time.monotonic() - _answered_at


def forget() -> None:
    """Drop what this process remembers, so that the next question is answered from the database."""
    global _memo, _answered_at
    _memo = _answered_at = None


def _remember(seconds: float) -> float:
    global _memo
    _memo = (seconds, time.monotonic())
    return seconds

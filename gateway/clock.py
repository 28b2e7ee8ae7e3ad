"""Stripe's time. Everything about Stripe's objects uses it; staff and machines use django.utils.timezone.

In the sandbox, whose clock is moved by hand, it is how a rehearsed month reaches every page.
"""

import logging
import time
from datetime import UTC, datetime, timedelta

from gateway import client
from gateway.errors import Refused, Unreachable
from gateway.offset import answered_ago, forget, note, offset

__all__ = ["follow", "forget", "from_unix", "note", "now", "refresh", "timestamp"]

REFRESH_SECONDS = 60.0
logger = logging.getLogger(__name__)


def now() -> datetime:
    """Stripe's time, aware, UTC. Costs at most one query a second in each process."""
    return datetime.now(UTC) + timedelta(seconds=offset())


def timestamp() -> int:
    """Stripe's time in whole unix seconds."""
    return int(time.time() + offset())


def from_unix(seconds: int | None) -> datetime | None:
    """Stripe's unix seconds as an aware datetime; None for anything else."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):  # no year of ours
        return None


def refresh() -> None:
    """Make a small call when Stripe has not answered this process for a minute. Raises Refused, Unreachable."""
    if answered_ago() >= REFRESH_SECONDS:
        client.get("/v1/account", account=None)


def follow() -> None:
    """The scheduled task: `refresh`, as far as Stripe answers."""
    try:
        refresh()
    except (Refused, Unreachable) as error:
        logger.info("Stripe's clock: %s", error)

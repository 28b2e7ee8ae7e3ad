"""How long whoever runs now waits for a locked SQLite: a page shortly, the webhook longer, a worker for 20 s."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_seconds: ContextVar[float | None] = ContextVar("seconds", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Connections opened within wait at most `seconds` for a lock."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


def at_most(seconds: float) -> float:
    """The shorter of `seconds` and the patience of whoever runs now."""
    own = _seconds.get()
    return seconds if own is None else min(own, seconds)

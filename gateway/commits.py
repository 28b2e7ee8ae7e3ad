"""How far a commit has come when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def durable() -> Iterator[None]:
    """An outermost transaction that is on the disk when it ends (SQLite otherwise waits for its next checkpoint).

    Inside another transaction: RuntimeError, since nothing would be kept before the call.
    """
    lazy = connection.vendor == "sqlite" and not connection.in_atomic_block
    if lazy:
        _synchronous("FULL")
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        if lazy:
            _synchronous("NORMAL")


def _synchronous(level: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA synchronous={level}")


@contextmanager
def lazily() -> Iterator[None]:
    """A transaction for what Stripe can tell again: it does not wait for the disk, which takes as long as all else.

    It is whole or not there, others see it at once, and only a crash of the database's own machine within the next
    second takes it back. A commit that waits, by whomever, has it on the disk, too. SQLite never waits as it is set.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO off")
        yield

"""One process at a time, within a transaction."""

from django.db import connection


def one_at_a_time(number: int) -> None:
    """Wait for the others that hold the lock of this number, and hold it until this transaction ends.

    PostgreSQL's advisory lock; SQLite's writers are one at a time anyway, from the beginning of a transaction on.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])

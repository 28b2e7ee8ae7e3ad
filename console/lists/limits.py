"""How long a list may keep the database busy where no index has all that it is narrowed by."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import OperationalError, connection, transaction

CANCELED = "57014"  # postgresql.org/docs/current/errcodes-appendix.html: query_canceled


class TooLong(Exception):  # noqa: N818  (it says what happened)
    """The database was stopped after LIST_TIMEOUT seconds."""


@contextmanager
def bounded() -> Iterator[None]:
    """Each statement inside may take LIST_TIMEOUT seconds: else TooLong. On PostgreSQL; SQLite has no such limit."""
    if connection.vendor != "postgresql":
        yield
        return
    nested = connection.in_atomic_block
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [round(settings.LIST_TIMEOUT * 1000)])
            yield
            if nested:  # a savepoint's end keeps what was set in it
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == CANCELED:
            raise TooLong from error
        raise

"""The backend, named by DATABASES["default"]["ENGINE"].

A server, or a network, that dies without FIN or RST leaves a client waiting for as long as its kernel hopes; and where
something in between still acknowledges every byte, TCP's own timeouts never fire. So each wait has an end on our side.
"""

import time
from types import SimpleNamespace
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base

from console.databases.silence import Silence

SHARED = Silence()  # of all threads of this process
AFTER_SERVER = 2.0  # seconds that the server's own statement_timeout is given to tell before we hang up


class BoundedConnection(psycopg.Connection[Any]):
    """psycopg's, which hangs up when an answer takes longer than `limit` seconds (None: no limit)."""

    limit: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's. Raises psycopg.OperationalError after `limit`, with the connection closed."""
        limit = self.limit if timeout is None else timeout
        until = float("inf") if limit is None else time.monotonic() + limit
        try:
            return super().wait(gen, interval, limit)
        except psycopg.Error as error:
            if time.monotonic() < until or error.sqlstate:
                raise
            self.pgconn.finish()
            SHARED.note()
            raise psycopg.OperationalError(f"The database did not answer within {limit} s.") from None


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with bounded connections."""

    Database = SimpleNamespace(**{**vars(psycopg), "connect": BoundedConnection.connect})  # type: ignore[assignment]
    made_at = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> BoundedConnection:
        """Raises psycopg.OperationalError, at once where another thread has just waited in vain."""
        if not SHARED.may_try(settings.DATABASE_CONNECT_TIMEOUT):
            raise psycopg.OperationalError("The database did not answer a moment ago.")
        try:
            connection: BoundedConnection = super().get_new_connection(conn_params)
        except psycopg.errors.ConnectionTimeout:
            SHARED.note()
            raise
        connection.limit = settings.DATABASE_STATEMENT_TIMEOUT + AFTER_SERVER
        self.made_at = time.monotonic()
        SHARED.end()
        return connection

    def is_usable(self) -> bool:
        """Whether the connection answers shortly; one from before a silence is not asked."""
        if self.connection is None or not SHARED.outlived_by(self.made_at):
            return False
        usual, self.connection.limit = self.connection.limit, settings.DATABASE_PING_TIMEOUT
        usable: bool = super().is_usable()
        self.connection.limit = usual
        return usable

    def prepare_database(self) -> None:
        """Before migrations, which may take as long as their tables are large: no limit on this connection."""
        super().prepare_database()
        with self.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        self.connection.limit = None

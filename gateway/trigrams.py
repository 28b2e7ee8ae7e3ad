"""Indexes for what is searched by a part of a word: PostgreSQL's trigrams. SQLite has none, and fewer rows."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import migrations

from gateway import concurrently

EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
CREATE = "CREATE INDEX CONCURRENTLY {name} ON {table} USING gin ({columns})"
COLUMN = "UPPER({}::text) gin_trgm_ops"  # as Django writes `icontains`


def trigrams(name: str, model: str, columns: Sequence[str]) -> migrations.RunPython:
    """An operation that makes one index over these columns of a model of its own app, on PostgreSQL, beside its writes.

    `data__description` is that text in a column of JSON.
    For a migration with `atomic = False`; where the build was broken off, it is built anew.
    The extension is one that the owner of a database may make (postgresql.org/docs/current/pgtrgm.html); where it
    exists already nothing more is needed.
    """
    app, _, its = model.partition(".")

    def make(apps: Any, schema: Any) -> None:
        if schema.connection.vendor != "postgresql":
            return
        quote = schema.quote_name
        listed = ", ".join(COLUMN.format(_place(quote, column)) for column in columns)
        table = quote(apps.get_model(app, its)._meta.db_table)
        schema.execute(EXTENSION)
        if concurrently.wanted(schema, name):
            with concurrently.patient(schema):
                schema.execute(CREATE.format(name=quote(name), table=table, columns=listed))

    def drop(apps: Any, schema: Any) -> None:
        if schema.connection.vendor == "postgresql":
            concurrently.drop(schema, name)

    return migrations.RunPython(make, drop)


def _place(quote: Callable[[str], str], column: str) -> str:
    """A column, or the text in one, as Django writes it."""
    own, _, key = column.partition("__")
    return f"({quote(own)} ->> '{key}')" if key else quote(own)

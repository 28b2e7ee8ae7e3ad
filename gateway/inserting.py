"""Many whole rows in one statement: quicker than Django's `bulk_create`, and it is told which were new.

PostgreSQL reads them out of one JSON document: a placeholder for each value costs three times as much here, and more
there.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def insert(model: type[models.Model], rows: Sequence[Any]) -> list[str]:
    """Insert these rows, in their order; the primary keys of those that were not there. One statement."""
    return _execute(model, rows, f"({_key(model)}) DO NOTHING") if rows else []


def upsert(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Insert these rows, or write them over those that are there. One statement."""
    columns = [_quoted(field) for field in model._meta.concrete_fields if not field.primary_key]
    written = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
    _execute(model, rows, f"({_key(model)}) DO UPDATE SET {written}")


def add(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Insert these rows, which have no keys yet, but for those that a constraint knows already. One statement."""
    if rows:
        _execute(model, rows, "DO NOTHING")


def _key(model: type[models.Model]) -> str:
    return _quoted(model._meta.pk)


def _quoted(field: Any) -> str:
    return connection.ops.quote_name(field.column)


def _execute(model: type[models.Model], rows: Sequence[Any], on_conflict: str) -> list[str]:
    fields: list[Any] = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(map(_quoted, fields))
    if connection.vendor == "postgresql":
        source = f"SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"  # noqa: S608  (our names)
        found = [{field.column: getattr(row, field.attname) for field in fields} for row in rows]
        values: list[Any] = [json.dumps(found, default=str)]
    else:
        source = "VALUES " + ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
        values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields]
    statement = f"INSERT INTO {table} ({columns}) {source} ON CONFLICT {on_conflict} RETURNING {_key(model)}"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [key for (key,) in cursor.fetchall()]

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
    return _execute(model, rows, "NOTHING RETURNING id") if rows else []


def upsert(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Insert these rows, or write them over those that are there. One statement."""
    names = [
        connection.ops.quote_name(str(field.column)) for field in model._meta.concrete_fields if not field.primary_key
    ]
    _execute(model, rows, f"UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in names)} RETURNING id")


def _execute(model: type[models.Model], rows: Sequence[Any], then: str) -> list[str]:
    fields: Sequence[Any] = model._meta.concrete_fields
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    if connection.vendor == "postgresql":
        source = f"SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"  # noqa: S608  (our names)
        found = [{field.column: getattr(row, field.attname) for field in fields} for row in rows]
        values: list[Any] = [json.dumps(found, default=str)]
    else:
        source = "VALUES " + ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
        values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) {source} ON CONFLICT (id) DO {then}", values)
        return [key for (key,) in cursor.fetchall()]

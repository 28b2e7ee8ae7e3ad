"""Rows that are inserted unless they are there: Django's `bulk_create` does not tell which were."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def insert(model: type[models.Model], rows: Sequence[Any]) -> list[str]:
    """Insert these rows, whole, in their order; the primary keys of those that were not there. One statement."""
    if not rows:
        return []
    fields = model._meta.concrete_fields
    name = connection.ops.quote_name
    columns = ", ".join(name(str(field.column)) for field in fields)
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {name(model._meta.db_table)} ({columns}) VALUES {places}"  # noqa: S608  (our own names)
            " ON CONFLICT (id) DO NOTHING RETURNING id",
            values,
        )
        return [key for (key,) in cursor.fetchall()]

"""The column of what Stripe sent; and which columns a table has today: checks run before `migrate` adds the missing."""

from typing import Any

from django.db import connection, models


class Data(models.JSONField):
    """JSON whose placeholder stands by itself: in an array, as Django inserts many rows, each value is escaped anew.

    On PostgreSQL that took a third of the processor time of writing rows.
    """

    def deconstruct(self) -> Any:
        """As what it is to a database."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, options

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """A value of its own."""
        return "%s"


def existing(model: type[models.Model]) -> set[str]:
    """Names of the columns of the model's table; empty where there is no table yet. Two queries."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return set()
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}


def lacking(model: type[models.Model]) -> set[str]:
    """Names of the columns that the model has and the table has not (yet). Two queries."""
    return {str(field.column) for field in model._meta.concrete_fields} - existing(model)

"""Which columns a table has today: checks run before `migrate` adds what is missing."""

from django.db import connection, models


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

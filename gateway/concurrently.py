"""Operations of migrations that let others write meanwhile and may be run again where they broke off.

For a migration with `atomic = False`. PostgreSQL builds an index beside the writes to its table and leaves it invalid
where the build is broken off (postgresql.org/docs/current/sql-createindex.html): it is dropped and built anew. Where a
migration is run again, what it had done already stays. SQLite locks the whole database anyway and has fewer rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import migrations, models, transaction

BATCH = 2_000  # rows of one statement, and of one transaction
VALID = "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass(%s)"


def is_valid(schema: Any, name: str) -> bool | None:
    """Whether PostgreSQL has built the index wholly; None where there is none."""
    with schema.connection.cursor() as cursor:
        cursor.execute(VALID, [schema.quote_name(name)])
        found = cursor.fetchone()
    return None if found is None else bool(found[0])


@contextmanager
def patient(schema: Any) -> Iterator[None]:
    """Wait for transactions that began before, however long: nobody waits for us meanwhile."""
    schema.execute("SET lock_timeout = 0")
    try:
        yield
    finally:
        schema.execute("RESET lock_timeout")


def drop(schema: Any, name: str) -> None:
    """Drop the index, where there is one."""
    with patient(schema):
        schema.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema.quote_name(name)}")


def wanted(schema: Any, name: str) -> bool:
    """Whether the index is still to be built; what a build that broke off has left is dropped."""
    valid = is_valid(schema, name)
    if valid is False:
        drop(schema, name)
    return not valid


def _is_postgresql(schema: Any) -> bool:
    return bool(schema.connection.vendor == "postgresql")


def _there(schema: Any, model: Any) -> set[str]:
    """Names of the columns and indexes of its table."""
    introspection, table = schema.connection.introspection, model._meta.db_table
    with schema.connection.cursor() as cursor:
        columns = {column.name for column in introspection.get_table_description(cursor, table)}
        return columns | set(introspection.get_constraints(cursor, table))


class AddIndex(migrations.AddIndex):
    """An index that is built beside the writes to its table."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Unless it is there."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if not _is_postgresql(schema_editor):
            if self.index.name not in _there(schema_editor, model):
                schema_editor.add_index(model, self.index)
        elif wanted(schema_editor, self.index.name):
            with patient(schema_editor):
                schema_editor.add_index(model, self.index, concurrently=True)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Where it is there."""
        _remove(schema_editor, from_state.apps.get_model(app_label, self.model_name), self.index)


class RemoveIndex(migrations.RemoveIndex):
    """An index that is dropped without waiting for those who read its table."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Where it is there."""
        index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        _remove(schema_editor, from_state.apps.get_model(app_label, self.model_name), index)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Unless it is there."""
        index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        AddIndex(self.model_name, index).database_forwards(app_label, schema_editor, from_state, to_state)


def _remove(schema: Any, model: Any, index: models.Index) -> None:
    if _is_postgresql(schema):
        drop(schema, index.name)
    elif index.name in _there(schema, model):
        schema.remove_index(model, index)


class AddField(migrations.AddField):
    """A column, unless it is there."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """In a transaction of its own: SQLite may copy the whole table into one with the column."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if model._meta.get_field(self.name).column not in _there(schema_editor, model):
            with transaction.atomic(using=schema_editor.connection.alias):
                super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Likewise."""
        with transaction.atomic(using=schema_editor.connection.alias):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def batches(rows: models.QuerySet[Any], size: int = BATCH) -> Iterator[models.QuerySet[Any]]:
    """The rows in parts, by primary key: each is written by a statement of its own, so nobody waits for all of them."""
    last = ""
    while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        yield rows.filter(pk__gt=last, pk__lte=ids[-1])
        last = ids[-1]

"""Indexes of migrations are built beside the writes of others, and anew where a build was broken off."""

from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from gateway import concurrently, trigrams
from issuing.cards.models import Card

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
INDEX = models.Index(fields=["last4", "currency"], name="card_tried")
OPERATIONS: list[Any] = [
    concurrently.AddIndex("card", INDEX),
    trigrams.trigrams("card_tried", "issuing.Card", ("last4",)),
]


def applied(operation: Any, *, back: bool = False) -> list[str]:
    """What it says to the database."""
    state = ProjectState.from_apps(apps)
    with CaptureQueriesContext(connection) as queries, connection.schema_editor(atomic=False) as editor:
        step = operation.database_backwards if back else operation.database_forwards
        step("issuing", editor, state, state)
    return [query["sql"] for query in queries]


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return {
            name for name in connection.introspection.get_constraints(cursor, Card._meta.db_table) if "tried" in name
        }


def test_an_index_and_a_column_that_are_there_stay() -> None:
    there = ProjectState.from_apps(apps).apps.get_model("issuing", "Card")._meta.get_field("last4")
    assert not [sql for sql in applied(concurrently.AddField("card", "last4", there)) if sql.startswith("ALTER")]
    try:
        for _ in range(2):
            applied(OPERATIONS[0])
            assert indexes() == {"card_tried"}
    finally:
        for _ in range(2):
            applied(OPERATIONS[0], back=True)
    assert not indexes()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite builds an index within one transaction")
@pytest.mark.parametrize("operation", OPERATIONS, ids=["index", "trigrams"])
def test_an_index_whose_build_was_broken_off_is_built_anew(operation: Any) -> None:
    for row_id in ("ic_1", "ic_2"):
        Card.every.create(id=row_id, last4="4302")
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY card_tried ON issuing_card (last4)")
    try:
        with connection.schema_editor(atomic=False) as editor:
            assert concurrently.is_valid(editor, "card_tried") is False
        said = applied(operation)
        assert [sql for sql in said if sql.startswith("CREATE INDEX CONCURRENTLY")]
        assert said[-1] == "RESET lock_timeout"
        with connection.schema_editor(atomic=False) as editor:
            assert concurrently.is_valid(editor, "card_tried") is True
        assert not [sql for sql in applied(operation) if sql.startswith("CREATE INDEX")]
    finally:
        applied(operation, back=True)
    assert not indexes()


def test_batches_hold_every_row_once() -> None:
    Card.every.bulk_create(Card(id=f"ic_{n}") for n in range(7))
    parts = [sorted(part.values_list("pk", flat=True)) for part in concurrently.batches(Card.every.all(), 3)]
    assert parts == [["ic_0", "ic_1", "ic_2"], ["ic_3", "ic_4", "ic_5"], ["ic_6"]]


class BrokenOffError(Exception):
    """The process ended, or the disk was full."""


def table() -> tuple[set[str], set[str]]:
    """Names of the columns and indexes of cards."""
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, Card._meta.db_table)
        found = connection.introspection.get_constraints(cursor, Card._meta.db_table)
        return {column.name for column in columns}, {name for name in found if name.startswith("card")}


def adding(field: Any, *, back: bool = False) -> None:
    operation = concurrently.AddField("card", "tried", field)
    before = ProjectState.from_apps(apps)
    after = before.clone()
    operation.state_forwards("issuing", after)
    with connection.schema_editor(atomic=False) as editor:
        if back:
            operation.database_backwards("issuing", editor, after, before)
        else:
            operation.database_forwards("issuing", editor, before, after)


@pytest.mark.parametrize("at", ["INSERT INTO", "DROP TABLE", "RENAME TO", "CREATE INDEX"])
def test_a_column_whose_table_was_being_copied_is_added_when_it_is_run_again(at: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL copies no table")
    Card.every.create(id="ic_1", last4="4302")
    columns, indexes = table()
    field = models.CharField(max_length=64, blank=True, default="", db_default="")

    def break_off(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if at in sql:
            raise BrokenOffError
        return execute(sql, params, many, context)

    with pytest.raises(BrokenOffError), connection.execute_wrapper(break_off):
        adding(field)
    assert table() == (columns, indexes)
    try:
        for _ in range(2):
            adding(field)
            assert table() == (columns | {"tried"}, indexes)
        assert Card.every.count() == 1
    finally:
        adding(field, back=True)
    assert table() == (columns, indexes)


IN_PLACE = {"gateway": "0007", "accounts": "0008", "issuing": "0005"}  # docs/decisions.md


@pytest.mark.parametrize("room", IN_PLACE)
def test_migrations_of_large_tables_let_others_write(room: str) -> None:
    ours = MigrationLoader(None).disk_migrations
    for (label, name), migration in ours.items():
        if label != room or name < IN_PLACE[room]:
            continue
        for each in migration.operations:
            if isinstance(each, (migrations.AddIndex, migrations.AddField, migrations.RemoveIndex)):
                assert type(each).__module__ == "gateway.concurrently", (name, each)
                assert not migration.atomic, name

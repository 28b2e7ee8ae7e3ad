"""Below the ORM too, audit rows and page views can only be added. A migration that remakes a table calls `protect` again."""

from typing import Any

from django.db import migrations

# Each table with the columns whose values may never come twice (SQLite's REPLACE deletes without firing a delete trigger).
TABLES = {"console_auditentry": ("id", "number", "digest"), "console_accessentry": ("id",)}
ACTS = ("update", "delete", "insert")


def protect_sqlite(editor: Any, table: str, unique: tuple[str, ...]) -> None:
    """Three triggers: no update, no delete, no insert in place of a row that exists."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for act in ("update", "delete"):
        editor.execute(f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} {refuse}")
    same = " OR ".join(f"{column} = NEW.{column}" for column in unique)
    editor.execute(
        f"CREATE TRIGGER {table}_no_insert BEFORE INSERT ON {table}"
        f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
    )


def protect(apps: Any, editor: Any) -> None:
    """Make the triggers."""
    if editor.connection.vendor == "sqlite":
        for table, unique in TABLES.items():
            protect_sqlite(editor, table, unique)
        return
    editor.execute(
        "CREATE FUNCTION console_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        params=None,
    )
    for table in TABLES:
        editor.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION console_append_only()"
        )


def unprotect(apps: Any, editor: Any) -> None:
    """Drop them."""
    if editor.connection.vendor == "sqlite":
        for table in TABLES:
            for act in ACTS:
                editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}")
        return
    editor.execute("DROP FUNCTION IF EXISTS console_append_only() CASCADE")


class Migration(migrations.Migration):
    """Triggers on the append-only tables."""

    dependencies = [("console", "0001_initial")]
    operations = [migrations.RunPython(protect, unprotect)]

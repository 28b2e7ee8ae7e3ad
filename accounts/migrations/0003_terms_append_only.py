"""Below the ORM too, the ledger of acceptances can only be added to."""

from typing import Any

from django.db import migrations

TABLE = "accounts_acceptance"
NATURAL = ("account_id", "agreement", "kind", "accepted_at")  # SQLite's REPLACE deletes without firing a delete trigger


def protect(apps: Any, editor: Any) -> None:
    """Make the triggers; PostgreSQL's function is the console's."""
    if editor.connection.vendor != "sqlite":
        editor.execute(
            f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
            " FOR EACH STATEMENT EXECUTE FUNCTION console_append_only()"
        )
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
    for act in ("update", "delete"):
        editor.execute(f"CREATE TRIGGER {TABLE}_no_{act} BEFORE {act.upper()} ON {TABLE} {refuse}")
    same = " AND ".join(f"{column} = NEW.{column}" for column in NATURAL)
    editor.execute(
        f"CREATE TRIGGER {TABLE}_no_insert BEFORE INSERT ON {TABLE}"  # noqa: S608  (our own names)
        f" WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR ({same})) {refuse}"
    )


def unprotect(apps: Any, editor: Any) -> None:
    """Drop them."""
    if editor.connection.vendor != "sqlite":
        editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_append_only ON {TABLE}")
        return
    for act in ("update", "delete", "insert"):
        editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{act}")


class Migration(migrations.Migration):
    """Triggers on the ledger."""

    dependencies = [("accounts", "0002_terms"), ("console", "0002_append_only")]
    operations = [migrations.RunPython(protect, unprotect)]

"""The next deadline of accounts, or that one has passed, as a column in the order of their list."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations, models
from django.db.models import Case, F, Q, Value, When

from gateway.concurrently import AddField, AddIndex, RemoveIndex, batches

PASSED = datetime(1970, 1, 1, tzinfo=UTC)


def fill(apps: Any, editor: Any) -> None:
    """From the two columns that told it."""
    rows = apps.get_model("accounts", "Account").objects.using(editor.connection.alias).filter(needs_attention=True)
    due = Case(When(overdue=True, then=Value(PASSED)), default=F("due_at"), output_field=models.DateTimeField())
    for each in batches(rows):
        each.update(next_due=due)


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False
    dependencies = [("accounts", "0011_badge")]
    operations = [
        AddField("account", "next_due", models.DateTimeField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndex(
            "account",
            models.Index(
                fields=["-created", "-id", "next_due"],
                name="account_next_due",
                condition=Q(account__isnull=False, data__isnull=False, next_due__isnull=False, gone_at=None),
            ),
        ),
        RemoveIndex("account", "account_attention"),
    ]

"""The column `overdue` for databases that 0001 made before it had the column."""

from typing import Any

from django.conf import settings
from django.db import migrations


def add_where_missing(apps: Any, editor: Any) -> None:
    """Add the column to a table without it, and set it from what Stripe sent: some of what counts is past due."""
    account = apps.get_model("accounts", "Account")
    with editor.connection.cursor() as cursor:
        there = editor.connection.introspection.get_table_description(cursor, account._meta.db_table)
    if "overdue" in {column.name for column in there}:
        return
    editor.add_field(account, account._meta.get_field("overdue"))
    for row in account.objects.using(editor.connection.alias).filter(needs_attention=True).iterator():
        late = set(((row.data or {}).get("requirements") or {}).get("past_due") or ())
        row.overdue = bool(late.difference(settings.IGNORED_REQUIREMENTS))
        row.save(update_fields=["overdue"])


class Migration(migrations.Migration):
    """The state has it since 0001."""

    dependencies = [("accounts", "0003_terms_append_only")]
    operations = [migrations.RunPython(add_where_missing, migrations.RunPython.noop)]

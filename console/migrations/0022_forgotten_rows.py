"""Which rows of bulk runs hold what was entered of a person, and since when runs are stopped."""

from typing import Any

from django.db import migrations, models
from django.utils import timezone

PERSONAL = ("issuing.update_cardholder", "accounts.record_terms")  # whose rows have personal values


def fill(apps: Any, editor: Any) -> None:
    """From the verbs of then; a row that is wrong may hold anything in the place of an id."""
    database = editor.connection.alias
    rows = apps.get_model("console", "BulkRow").objects.using(database)
    rows.filter(run__verb__in=PERSONAL).exclude(params={}).update(personal=True)
    rows.filter(state="bad").update(personal=True)
    runs = apps.get_model("console", "BulkRun").objects.using(database)
    runs.filter(state="stopped").update(stopped_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0021_what_rows_carry'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkrow',
            name='forgotten_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='bulkrow',
            name='personal',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='bulkrun',
            name='stopped_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='bulkrow',
            index=models.Index(condition=models.Q(('personal', True)), fields=['account_id'], name='bulkrow_personal'),
        ),
    ]

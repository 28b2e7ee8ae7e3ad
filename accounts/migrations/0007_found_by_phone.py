"""Telephone numbers and metadata, by which rows are found: columns, what stands in them, and their indexes."""

from itertools import islice
from typing import Any

from django.db import migrations, models

from accounts.account.models import PHONES
from gateway import metadata
from gateway.shapes import text_at
from gateway.spellings import phone_key

BATCH = 500  # rows of one statement
KINDS = ("Account", "ExternalAccount", "Person")


def fill(apps: Any, editor: Any) -> None:
    """From what Stripe sent."""
    for name in KINDS:
        rows = apps.get_model("accounts", name).objects.using(editor.connection.alias).exclude(data=None)
        metadata.fill(apps.get_model("gateway", "Metadata"), rows)
    for name, paths in (("Account", PHONES), ("Person", ("phone",))):
        rows = apps.get_model("accounts", name).objects.using(editor.connection.alias).exclude(data=None)
        _phones(rows, paths)


def _phones(rows: Any, paths: tuple[str, ...]) -> None:
    found = rows.only("data").iterator()
    while batch := list(islice(found, BATCH)):
        for row in batch:
            row.phone = next(filter(None, (phone_key(text_at(row.data, path)) for path in paths)), "")
        rows.model.objects.using(rows.db).bulk_update([row for row in batch if row.phone], ["phone"])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_told_once'),
        ('gateway', '0005_metadata'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='phone',
            field=models.CharField(blank=True, default='', max_length=16),
        ),
        migrations.AddField(
            model_name='person',
            name='phone',
            field=models.CharField(blank=True, default='', max_length=16),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['phone'], name='account_phone'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(fields=['phone'], name='person_phone'),
        ),
    ]

"""Telephone numbers and metadata, by which rows are found; and an index of the order of every list."""

from itertools import islice
from typing import Any

from django.db import migrations, models

from gateway import metadata
from gateway.shapes import text_at
from gateway.spellings import phone_key

BATCH = 500  # rows of one statement
KINDS = ("Authorization", "Card", "Cardholder", "Topup", "Transaction")


def fill(apps: Any, editor: Any) -> None:
    """From what Stripe sent."""
    for name in KINDS:
        rows = apps.get_model("issuing", name).objects.using(editor.connection.alias).exclude(data=None)
        metadata.fill(apps.get_model("gateway", "Metadata"), rows)
        found = rows.only("data").iterator() if name == "Cardholder" else iter(())
        while batch := list(islice(found, BATCH)):
            for row in batch:
                row.phone = phone_key(text_at(row.data, "phone_number"))
            rows.model.objects.using(rows.db).bulk_update([row for row in batch if row.phone], ["phone"])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_found_by_phone'),
        ('gateway', '0005_metadata'),
        ('issuing', '0002_update_card'),
    ]

    operations = [
        migrations.AddField(
            model_name='cardholder',
            name='phone',
            field=models.CharField(blank=True, default='', max_length=16),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='authorization',
            index=models.Index(fields=['-created', '-id'], name='authorization_created'),
        ),
        migrations.AddIndex(
            model_name='card',
            index=models.Index(fields=['-created', '-id'], name='card_created'),
        ),
        migrations.AddIndex(
            model_name='cardholder',
            index=models.Index(fields=['-created', '-id'], name='cardholder_created'),
        ),
        migrations.AddIndex(
            model_name='cardholder',
            index=models.Index(fields=['phone'], name='cardholder_phone'),
        ),
        migrations.AddIndex(
            model_name='topup',
            index=models.Index(fields=['-created', '-id'], name='topup_created'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['-created', '-id'], name='transaction_created'),
        ),
    ]

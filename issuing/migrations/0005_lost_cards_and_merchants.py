"""A permission for one card that is reported lost or stolen; the card network's id of merchants, and its index.

PostgreSQL makes the index while others write; rows are filled in batches, each a transaction of its own.
"""

from typing import Any

from django.db import migrations, models

from gateway.concurrently import AddField, AddIndex, batches
from gateway.shapes import text_at

BATCH = 500  # rows of one statement


def fill(apps: Any, editor: Any) -> None:
    """From what Stripe sent."""
    rows = apps.get_model("issuing", "Authorization").objects.using(editor.connection.alias)
    for part in batches(rows.exclude(data=None), BATCH):
        found = list(part.filter(network_id="").only("data"))
        for row in found:
            row.network_id = text_at(row.data, "merchant_data.network_id")[:64]
        rows.bulk_update([row for row in found if row.network_id], ["network_id"])


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False

    dependencies = [
        ('issuing', '0004_incident'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='card',
            options={'default_permissions': ('view',), 'ordering': ('-created', '-id'), 'permissions': (('create_card', 'Can create cards'), ('update_card', 'Can change what cards may spend'), ('activate_card', 'Can activate cards'), ('deactivate_card', 'Can deactivate cards'), ('cancel_card', 'Can cancel cards for good'), ('cancel_lost_card', 'Can cancel one card that a verified caller reports lost or stolen'))},
        ),
        AddField(
            model_name='authorization',
            name='network_id',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndex(
            model_name='authorization',
            index=models.Index(fields=['network_id', '-created'], name='authorization_network'),
        ),
    ]

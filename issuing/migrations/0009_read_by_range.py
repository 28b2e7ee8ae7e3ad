"""What pages count and sum is found by index: what an Issuing balance has left as a column, and what stands in it.

PostgreSQL makes them while others write.
"""

from itertools import islice
from typing import Any

from django.db import migrations, models

from gateway.concurrently import AddField, AddIndex, RemoveIndex
from gateway.shapes import hashes_at, integer_at, text_at

BATCH = 500  # rows of one statement


def fill(apps: Any, editor: Any) -> None:
    """From what Stripe sent."""
    rows = apps.get_model("issuing", "Balance").objects.using(editor.connection.alias).exclude(data=None)
    found = rows.only("data").iterator()
    while batch := list(islice(found, BATCH)):
        for row in batch:
            row.available = available(row.data)
        rows.model.objects.using(rows.db).bulk_update(batch, ["available"])


def available(data: Any) -> int | None:
    """Of the Issuing balance, in its first currency."""
    own = hashes_at(data, "issuing.available")
    currency = next((text_at(each, "currency") for each in [*own, *hashes_at(data, "available")]), "")
    amounts = [integer_at(each, "amount") for each in own if each.get("currency") == currency]
    return amounts[0] if amounts else None


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0010_read_by_range'),
        ('issuing', '0008_funds_due'),
    ]

    operations = [
        RemoveIndex(
            model_name='balancetransaction',
            name='movement_account',
        ),
        AddField(
            model_name='balance',
            name='available',
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndex(
            model_name='balance',
            index=models.Index(condition=models.Q(('available__lte', 0), ('data__isnull', False)), fields=['account'], name='balance_used_up'),
        ),
        AddIndex(
            model_name='balancetransaction',
            index=models.Index(condition=models.Q(('data__isnull', False)), fields=['account', 'created', 'id', 'balance_type', 'currency', 'type', 'net', 'source'], name='movement_books'),
        ),
        AddIndex(
            model_name='cardholder',
            index=models.Index(condition=models.Q(('data__isnull', False), ('disabled_reason', 'requirements.past_due'), ('gone_at', None), ('status', 'active')), fields=['created', 'id'], name='cardholder_to_complete'),
        ),
        AddIndex(
            model_name='authorization',
            index=models.Index(fields=['account', 'cardholder', '-created', '-id'], name='authorization_cardholder'),
        ),
        AddIndex(
            model_name='transaction',
            index=models.Index(condition=models.Q(('account__isnull', False), ('data__isnull', False)), fields=['authorization', 'type', 'amount'], name='transaction_captured'),
        ),
    ]

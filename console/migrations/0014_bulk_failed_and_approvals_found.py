"""What came to nothing of runs that ended; verb and account of approvals, by which their list is narrowed."""

from typing import Any

from django.db import migrations, models
from django.db.models import Count, OuterRef, Q, Subquery

FAILED = ("refused", "not_found", "not_approved")  # states of operations; a row may be denied by itself


def fill(apps: Any, editor: Any) -> None:
    """From rows and operations."""
    database = editor.connection.alias
    operations = apps.get_model("console", "Operation").objects.using(database).filter(pk=OuterRef("operation"))
    approvals = apps.get_model("console", "Approval").objects.using(database)
    approvals.update(
        verb=Subquery(operations.values("verb")[:1]), account_id=Subquery(operations.values("account_id")[:1])
    )
    rows = apps.get_model("console", "BulkRow").objects.using(database).filter(run__state="ended")
    failed = rows.filter(Q(state="denied") | Q(operation__state__in=FAILED)).order_by()
    runs = apps.get_model("console", "BulkRun").objects.using(database)
    for run, many in failed.values_list("run").annotate(many=Count("pk")):
        runs.filter(pk=run).update(failed=many)


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0013_erasable'),
    ]

    operations = [
        migrations.AddField(
            model_name='approval',
            name='account_id',
            field=models.CharField(blank=True, default='', max_length=255),
        ),
        migrations.AddField(
            model_name='approval',
            name='verb',
            field=models.CharField(default='', max_length=128),
        ),
        migrations.AddField(
            model_name='bulkrun',
            name='failed',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(fields=['account_id', 'asked_at', 'id'], name='approval_account'),
        ),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(fields=['verb', 'asked_at', 'id'], name='approval_verb'),
        ),
    ]

"""Of what failed of runs that ended, what was not found at Stripe; what was settled since fails no more."""

from typing import Any

from django.db import migrations, models
from django.db.models import Count, Q

FAILED = ("refused", "not_found", "not_approved")  # states of operations; a row may be denied by itself


def fill(apps: Any, editor: Any) -> None:
    """From rows and operations, of the runs that told of failures."""
    database = editor.connection.alias
    runs = apps.get_model("console", "BulkRun").objects.using(database).filter(state="ended", failed__gt=0)
    rows = apps.get_model("console", "BulkRow").objects.using(database).filter(run__in=runs.values("pk")).order_by()
    failed = Q(state="denied") | Q(operation__state__in=FAILED)
    lost = Count("pk", filter=Q(operation__state="not_found"))
    counted = rows.filter(failed).values_list("run").annotate(many=Count("pk"), lost=lost)
    now = {run: (many, lost) for run, many, lost in counted}
    for run in list(runs.values_list("pk", flat=True)):
        many, lost = now.get(run, (0, 0))
        runs.filter(pk=run).update(failed=many, lost=lost)


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0017_carried'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkrun',
            name='lost',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='bulkrun',
            index=models.Index(condition=models.Q(('lost__gt', 0), ('state', 'ended')), fields=['ended_at'], name='bulkrun_lost'),
        ),
    ]

"""Every error of a job with its moment; of jobs of before, the last one, when they ended."""

from typing import Any

from django.db import migrations, models


def fill(apps: Any, editor: Any) -> None:
    """From what stands there; of a job without an end nothing is known."""
    jobs = apps.get_model("console", "Job").objects.using(editor.connection.alias)
    for job in jobs.exclude(error="").filter(ended_at__isnull=False).only("error", "ended_at"):
        jobs.filter(pk=job.pk).update(errors=[{"at": job.ended_at.isoformat(), "error": job.error}])


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0018_bulk_lost'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='errors',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]

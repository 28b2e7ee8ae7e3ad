"""Events that were given up, in the order of the queue.

PostgreSQL lets nobody write to a table while its index is made: some seconds a million rows.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gateway', '0009_drift'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('state', 'dead')), fields=['received_at', 'id'], name='event_dead'),
        ),
    ]

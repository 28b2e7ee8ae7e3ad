"""Events that were given up, in the order of the queue.

PostgreSQL makes them while others write.
"""

from django.db import migrations, models

from gateway.concurrently import AddIndex


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('gateway', '0009_drift'),
    ]

    operations = [
        AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('state', 'dead')), fields=['received_at', 'id'], name='event_dead'),
        ),
    ]

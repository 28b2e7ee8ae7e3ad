"""When an event's payload was dropped, and indexes of events: made while webhooks are stored."""

from django.db import migrations, models

from gateway.concurrently import AddField, AddIndex


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False

    dependencies = [
        ('gateway', '0007_metadata_by_part'),
    ]

    operations = [
        AddField(
            model_name='event',
            name='dropped_at',
            field=models.DateTimeField(null=True),
        ),
        AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['object_key'], name='event_siblings'),
        ),
        AddIndex(
            model_name='event',
            index=models.Index(fields=['livemode', '-created'], name='event_mode'),
        ),
        AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('source', 'catch_up')), fields=['-created'], name='event_caught_up'),
        ),
        AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('dropped_at', None), ('state', 'done')), fields=['created'], name='event_to_drop'),
        ),
    ]

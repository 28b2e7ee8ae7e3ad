"""What records are searched by, on both databases: SQLite takes no partial index for a plain comparison."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gateway', '0003_claimed'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['request_id'], name='event_request'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['type', '-created'], name='event_type'),
        ),
    ]

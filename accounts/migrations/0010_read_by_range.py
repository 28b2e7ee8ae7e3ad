"""Who needs attention in the order of the queue, and histories by range.

PostgreSQL lets nobody write to a table while its index is made: some seconds a million rows.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_searched_by_part'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='requirement',
            name='requirement_account',
        ),
        migrations.RemoveIndex(
            model_name='statechange',
            name='statechange_subject',
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('data__isnull', False), ('gone_at', None), ('needs_attention', True)), fields=['-overdue', 'due_at', '-created', '-id'], name='account_needing_attention'),
        ),
        migrations.AddIndex(
            model_name='requirement',
            index=models.Index(fields=['account', 'scope', '-at', 'id'], name='requirement_scope'),
        ),
        migrations.AddIndex(
            model_name='requirement',
            index=models.Index(condition=models.Q(('became', 'due'), ('deadline__isnull', False), ('list', 'past_due')), fields=['account', 'key', 'deadline'], name='requirement_passed'),
        ),
        migrations.AddIndex(
            model_name='statechange',
            index=models.Index(fields=['account', 'subject', '-at'], name='statechange_subject'),
        ),
    ]

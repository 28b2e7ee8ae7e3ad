"""Who needs attention in the order of the queue, and histories by range.

PostgreSQL makes them while others write.
"""

from django.db import migrations, models

from gateway.concurrently import AddIndex, RemoveIndex


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0009_searched_by_part'),
    ]

    operations = [
        RemoveIndex(
            model_name='requirement',
            name='requirement_account',
        ),
        RemoveIndex(
            model_name='statechange',
            name='statechange_subject',
        ),
        AddIndex(
            model_name='account',
            index=models.Index(condition=models.Q(('data__isnull', False), ('gone_at', None), ('needs_attention', True)), fields=['-overdue', 'due_at', '-created', '-id'], name='account_needing_attention'),
        ),
        AddIndex(
            model_name='requirement',
            index=models.Index(fields=['account', 'scope', '-at', 'id'], name='requirement_scope'),
        ),
        AddIndex(
            model_name='requirement',
            index=models.Index(condition=models.Q(('became', 'due'), ('deadline__isnull', False), ('list', 'past_due')), fields=['account', 'key', 'deadline'], name='requirement_passed'),
        ),
        AddIndex(
            model_name='statechange',
            index=models.Index(fields=['account', 'subject', '-at'], name='statechange_subject'),
        ),
    ]

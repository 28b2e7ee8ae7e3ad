"""Operations that wait for a person, and the audit rows of an account's timeline.

PostgreSQL lets nobody write to a table while its index is made: some seconds a million rows.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0015_figures'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(condition=models.Q(models.Q(('action__startswith', 'operation.'), _negated=True), models.Q(('action__startswith', 'session.'), _negated=True)), fields=['account_id', '-at'], name='audit_elsewhere'),
        ),
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(condition=models.Q(('state', 'not_found'), models.Q(('claimed_until', None), ('next_try_at', None), ('state__in', ('intent', 'sending', 'unknown'))), _connector='OR'), fields=['created_at', 'id'], name='operation_needing'),
        ),
    ]

"""What records are searched by, on both databases: SQLite takes no partial index for a plain comparison."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0005_users_by_name'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='accessentry',
            index=models.Index(fields=['user', '-at'], name='access_user'),
        ),
        migrations.AddIndex(
            model_name='accessentry',
            index=models.Index(fields=['work_session', 'id'], name='access_session'),
        ),
        migrations.AddIndex(
            model_name='accessentry',
            index=models.Index(fields=['at', 'id'], name='access_at'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['user', '-number'], name='audit_user'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['action', '-number'], name='audit_action'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['subject', '-number'], name='audit_subject'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['ticket', '-number'], name='audit_ticket'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['at'], name='audit_at'),
        ),
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(fields=['request_id'], name='operation_request'),
        ),
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(fields=['created_at', 'id'], name='operation_created'),
        ),
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(fields=['verb', '-created_at'], name='operation_verb'),
        ),
        migrations.AddIndex(
            model_name='worksession',
            index=models.Index(fields=['user', '-started_at'], name='session_user'),
        ),
        migrations.AddIndex(
            model_name='worksession',
            index=models.Index(fields=['ticket', '-started_at'], name='session_ticket'),
        ),
        migrations.AddIndex(
            model_name='worksession',
            index=models.Index(fields=['started_at', 'id'], name='session_started'),
        ),
    ]

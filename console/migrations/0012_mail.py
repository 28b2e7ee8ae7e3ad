"""Mails, and who wishes the daily digest."""
import console.mail.models
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('console', '0007_operations_found_by_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='daily_digest',
            field=models.BooleanField(default=False, verbose_name='Mail me once a day what needs a person'),
        ),
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('claimed_by', models.CharField(blank=True, max_length=255)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('id', models.CharField(default=console.mail.models.new_id, editable=False, max_length=64, primary_key=True, serialize=False)),
                ('message_id', models.CharField(max_length=255, unique=True)),
                ('template', models.CharField(max_length=64)),
                ('version', models.PositiveSmallIntegerField()),
                ('to', models.CharField(max_length=254)),
                ('subject', models.CharField(max_length=255)),
                ('body', models.TextField(blank=True)),
                ('values', models.JSONField(default=dict)),
                ('personal', models.BooleanField(default=False)),
                ('account_id', models.CharField(blank=True, max_length=255)),
                ('once', models.CharField(max_length=128, null=True, unique=True)),
                ('state', models.CharField(choices=[('queued', 'Waits to be sent'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Failed'), ('unknown', 'Unknown'), ('dropped', 'Dropped')], default='queued', max_length=16)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('settled_at', models.DateTimeField(null=True)),
                ('settled_by', models.CharField(blank=True, max_length=16)),
                ('redacted_at', models.DateTimeField(null=True)),
                ('tries', models.JSONField(default=list)),
                ('error', models.TextField(blank=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-created_at',),
                'permissions': (('settle_mail', 'Can decide what becomes of a mail that failed or is in doubt'),),
                'abstract': False,
                'default_permissions': ('view',),
                'indexes': [models.Index(condition=models.Q(('claimed_until__isnull', False)), fields=['claimed_until'], name='mail_claimed'), models.Index(condition=models.Q(('settled_at', None)), fields=['next_try_at'], name='mail_waiting'), models.Index(fields=['created_at', 'id'], name='mail_created'), models.Index(fields=['state', 'created_at'], name='mail_state'), models.Index(fields=['template', '-created_at'], name='mail_template'), models.Index(fields=['account_id', '-created_at'], name='mail_account'), models.Index(fields=['to', '-created_at'], name='mail_to'), models.Index(fields=['user', '-created_at'], name='mail_user'), models.Index(condition=models.Q(('personal', True), ('redacted_at', None)), fields=['settled_at'], name='mail_to_redact')],
            },
        ),
    ]

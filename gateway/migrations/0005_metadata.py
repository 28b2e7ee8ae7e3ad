"""Metadata of mirror rows, found by an index; the rooms fill in what they have."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gateway', '0004_records_found_by_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='Metadata',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('object_id', models.CharField(max_length=255)),
                ('key', models.CharField(max_length=64)),
                ('value', models.CharField(max_length=500)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['value', 'key'], name='metadata_value'), models.Index(fields=['object_id'], name='metadata_object')],
            },
        ),
    ]

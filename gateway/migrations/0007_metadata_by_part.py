"""Objects are found by a part of their metadata's values."""

from django.db import migrations

from gateway.trigrams import trigrams


class Migration(migrations.Migration):
    """PostgreSQL alone, while others write."""

    atomic = False

    dependencies = [("gateway", "0006_urgent_lane")]
    operations = [trigrams("metadata_words", "gateway.Metadata", ("value",))]

"""Top-ups are found by a part of their description."""

from django.db import migrations

from gateway.trigrams import trigrams


class Migration(migrations.Migration):
    """PostgreSQL alone, while others write."""

    atomic = False

    dependencies = [("issuing", "0011_pairs_of_filters")]
    operations = [trigrams("topup_words", "issuing.Topup", ("data__description",))]

"""Accounts are found by a part of a person's name."""

from django.db import migrations

from gateway.trigrams import trigrams


class Migration(migrations.Migration):
    """PostgreSQL alone, while others write."""

    atomic = False

    dependencies = [("accounts", "0013_pairs_of_filters")]
    operations = [trigrams("person_words", "accounts.Person", ("name",))]

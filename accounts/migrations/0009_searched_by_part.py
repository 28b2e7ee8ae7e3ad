"""Accounts are found by a part of a name, an e-mail address or a telephone number."""

from django.db import migrations

from gateway.trigrams import trigrams


class Migration(migrations.Migration):
    """PostgreSQL alone, while others write."""

    atomic = False

    dependencies = [("accounts", "0008_filters")]
    operations = [trigrams("account_words", "accounts.Account", ("name", "legal_name", "email", "phone"))]

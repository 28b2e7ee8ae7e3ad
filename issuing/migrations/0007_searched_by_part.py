"""Cardholders are found by a part of a name, an e-mail address or a telephone number; what cards did by a merchant's."""

from django.db import migrations

from gateway.trigrams import trigrams


class Migration(migrations.Migration):
    """PostgreSQL alone, while others write."""

    atomic = False

    dependencies = [("issuing", "0006_filters")]
    operations = [
        trigrams("cardholder_words", "issuing.Cardholder", ("name", "email", "phone")),
        trigrams("authorization_words", "issuing.Authorization", ("merchant_name",)),
        trigrams("transaction_words", "issuing.Transaction", ("merchant_name",)),
    ]

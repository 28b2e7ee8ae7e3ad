"""Last four in the order of the list of cards; what a card did, so that a page of it is chosen within the index."""

from django.db import migrations, models
from django.db.models import Q

from gateway.concurrently import AddIndex, RemoveIndex

VISIBLE = Q(account__isnull=False, data__isnull=False)


def of_card(name: str) -> models.Index:
    """In the order of lists."""
    return models.Index(fields=["card", "-created", "-id"], name=name, condition=VISIBLE)


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False
    dependencies = [("issuing", "0009_read_by_range"), ("accounts", "0012_next_due")]
    operations = [
        AddIndex("card", models.Index(fields=["last4", "-created", "-id"], name="card_last_four")),
        AddIndex("authorization", of_card("authorization_of_card")),
        AddIndex("transaction", of_card("transaction_of_card")),
        RemoveIndex("card", "card_last4"),
        RemoveIndex("authorization", "authorization_card"),
        RemoveIndex("transaction", "transaction_card"),
    ]

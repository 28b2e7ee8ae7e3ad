"""What an account has, by its state: a pair of filters with an index of both, for its own lists and those over all."""

from django.db import migrations, models
from django.db.models import Q

from gateway.concurrently import AddIndex

VISIBLE = Q(account__isnull=False, data__isnull=False)


def index(model: str, name: str, *states: str, condition: Q = VISIBLE) -> AddIndex:
    """Of an account's rows, in the order of lists."""
    fields = ["account", *states, "-created", "-id"]
    return AddIndex(model, models.Index(fields=fields, name=name, condition=condition))


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False
    dependencies = [("issuing", "0010_by_card")]
    operations = [
        index("cardholder", "cardholder_account_status", "status"),
        index("card", "card_account_status", "status"),
        index("authorization", "authorization_account_declined", condition=VISIBLE & Q(approved=False)),
        index("authorization", "authorization_account_status", "status", condition=VISIBLE & Q(approved=True)),
        index("transaction", "transaction_account_type", "type"),
        index("topup", "topup_account_status", "status"),
    ]

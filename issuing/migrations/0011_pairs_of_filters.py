"""What an account has, by its state: a pair of filters with an index of both, for its own lists and those over all."""

from django.db import migrations, models
from django.db.models import Q

from gateway.concurrently import AddIndex, RemoveIndex

VISIBLE = Q(account__isnull=False, data__isnull=False)


DECLINED, APPROVED = VISIBLE & Q(approved=False), VISIBLE & Q(approved=True)


def index(model: str, name: str, *states: str, condition: Q = VISIBLE) -> AddIndex:
    """In the order of lists."""
    return AddIndex(model, models.Index(fields=[*states, "-created", "-id"], name=name, condition=condition))


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False
    dependencies = [("issuing", "0010_by_card")]
    operations = [
        index("cardholder", "cardholder_account_status", "account", "status"),
        index("card", "card_account_status", "account", "status"),
        index("transaction", "transaction_account_type", "account", "type"),
        index("topup", "topup_account_status", "account", "status"),
        index("authorization", "authorization_account_declined", "account", condition=DECLINED),
        index("authorization", "authorization_account_outcome", "account", "status", condition=APPROVED),
        index("authorization", "authorization_declined", condition=DECLINED),
        index("authorization", "authorization_outcome", "status", condition=APPROVED),
        RemoveIndex("authorization", "authorization_approved"),
        RemoveIndex("authorization", "authorization_status"),
    ]

"""Accounts by both badges, and by a badge and their next deadline: pairs of filters with an index of both."""

from django.db import migrations, models
from django.db.models import Q

from gateway.concurrently import AddIndex

VISIBLE = Q(account__isnull=False, data__isnull=False)
DUE = VISIBLE & Q(next_due__isnull=False, gone_at=None)


def index(name: str, condition: Q, *fields: str) -> AddIndex:
    """Of accounts."""
    return AddIndex("account", models.Index(fields=fields, name=name, condition=condition))


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False
    dependencies = [("accounts", "0012_next_due")]
    operations = [
        index("account_overall_badge", VISIBLE, "overall_status", "badge", "-created", "-id"),
        index("account_badge_due", DUE, "badge", "-created", "-id", "next_due"),
        index("account_overall_due", DUE, "overall_status", "-created", "-id", "next_due"),
    ]

"""The Issuing badge as a column of accounts, in the order of their list: a filter need not read two tables.

PostgreSQL makes the index while others write; rows are filled in batches, each a transaction of its own.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from gateway.concurrently import AddField, AddIndex, RemoveIndex, batches


def fill(apps: Any, editor: Any) -> None:
    """By the capability where it is there, else by the account."""
    account, capability = apps.get_model("accounts", "Account"), apps.get_model("accounts", "Capability")
    own = capability.objects.filter(pk=OuterRef("card_issuing_id"), gone_at=None).exclude(badge="").order_by()
    badge = Coalesce(Subquery(own.values("badge")), F("issuing_status"))
    for rows in batches(account.objects.using(editor.connection.alias).exclude(data=None)):
        rows.exclude(badge=badge).update(badge=badge)


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False
    dependencies = [("accounts", "0010_read_by_range")]
    operations = [
        AddField("account", "badge", models.CharField(blank=True, default="", db_default="", max_length=64)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndex(
            "account",
            models.Index(
                fields=["badge", "-created", "-id"],
                name="account_badge",
                condition=Q(account__isnull=False, data__isnull=False),
            ),
        ),
        RemoveIndex("account", "account_issuing"),
        RemoveIndex("capability", "capability_badge"),
    ]

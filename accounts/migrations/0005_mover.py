"""Whose move it is where Issuing is off and no requirement says so: a column of accounts and of capabilities."""

from typing import Any

from django.db import migrations, models

from accounts.account import words as account_words
from accounts.capabilities import words


def fill(apps: Any, editor: Any) -> None:
    """Set it from what Stripe sent; most rows keep the empty default."""
    for name, mover in (("Capability", words.mover), ("Account", account_words.mover)):
        rows = apps.get_model("accounts", name).objects.using(editor.connection.alias).exclude(data=None)
        off = rows.exclude(card_issuing=None) if name == "Account" else rows.filter(status__in=("inactive", "pending"))
        for row in off.iterator():
            row.mover = mover(row.data)
            if row.mover:
                row.save(update_fields=["mover"])


class Migration(migrations.Migration):
    """Two columns, what stands in them, and an index of each."""

    dependencies = [("accounts", "0004_overdue")]
    operations = [
        migrations.AddField("account", "mover", models.CharField(blank=True, default="", max_length=16)),
        migrations.AddField("capability", "mover", models.CharField(blank=True, default="", max_length=16)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            "account", models.Index(fields=["mover"], name="account_mover", condition=~models.Q(mover=""))
        ),
        migrations.AddIndex(
            "capability",
            models.Index(fields=["mover", "account"], name="capability_mover", condition=~models.Q(mover="")),
        ),
    ]

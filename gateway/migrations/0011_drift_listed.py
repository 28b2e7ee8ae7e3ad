"""Differences between mirror and Stripe are listed: who may see them, and what the list is read by."""

from django.db import migrations, models

from gateway.concurrently import AddIndex


def index(name: str, *fields: str) -> AddIndex:
    """Of differences."""
    return AddIndex("drift", models.Index(fields=fields, name=name))


class Migration(migrations.Migration):
    """Nothing is lost where it breaks off: it is run again."""

    atomic = False
    dependencies = [("gateway", "0010_read_by_range")]
    operations = [
        migrations.AlterModelOptions(
            "drift",
            {
                "default_permissions": ("view",),
                "verbose_name": "difference",
                "verbose_name_plural": "differences",
            },
        ),
        index("drift_found", "-found_at", "-id"),
        index("drift_kind", "kind", "-found_at", "-id"),
        index("drift_noun", "noun", "-found_at", "-id"),
        index("drift_account", "account", "-found_at", "-id"),
        index("drift_object", "object_id"),
    ]

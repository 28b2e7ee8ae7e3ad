"""Between which moments a reading found what it found; and history of first imports as one row an account."""

from datetime import timedelta
from typing import Any

from django.db import migrations, models
from django.db.models import Exists, F, OuterRef

SAME = {"Requirement": ("scope", "key", "list", "code", "became"), "StateChange": ("subject", "field", "after")}
HOUR = timedelta(hours=1)
MOMENTS = [(table, name) for table in ("requirement", "statechange") for name in ("since", "read_at")]


def give_way(apps: Any, editor: Any) -> None:
    """What a reading found goes where an event tells it; an account that was first seen so was first read then.

    With it goes what was found in the same hour: the rest of its first import.
    """
    alias = editor.connection.alias
    changes = apps.get_model("accounts", "StateChange").objects.using(alias)
    requirements = apps.get_model("accounts", "Requirement").objects.using(alias)
    for name, fields in SAME.items():
        rows = apps.get_model("accounts", name).objects.using(alias)
        same = {field: OuterRef(field) for field in fields if field != "after"}
        told = rows.filter(account=OuterRef("account"), source="event", at__lte=OuterRef("at"), **same)
        if "after" in fields:
            told = told.filter(after=OuterRef("after"))
        rows.filter(source="sync").filter(Exists(told)).delete()
        rows.filter(source="sync").update(read_at=F("at"))
    for first in changes.filter(source="sync", noun="account", field="object", after="created"):
        hour = {"account": first.account_id, "source": "sync", "at__gte": first.at, "since": None}
        end = first.at + HOUR
        requirements.filter(**hour, at__lte=end).delete()
        changes.filter(**hour, at__lte=end, field="object").exclude(pk=first.pk).delete()
        changes.filter(pk=first.pk).update(field="first_read", after=None, subject=first.account_id)


class Migration(migrations.Migration):
    """Two columns of both tables, several faults of one key in one telling, and what stands there already."""

    dependencies = [("accounts", "0005_mover")]
    operations = [
        migrations.RemoveConstraint("requirement", "one_requirement_a_telling"),
        *(migrations.AddField(table, name, models.DateTimeField(null=True)) for table, name in MOMENTS),
        migrations.AddConstraint(
            "requirement",
            models.UniqueConstraint(
                fields=["source_id", "scope", "key", "list", "code"], name="one_requirement_a_telling"
            ),
        ),
        migrations.AddIndex(
            "statechange", models.Index(fields=["account", "subject"], name="statechange_subject")
        ),
        migrations.RunPython(give_way, migrations.RunPython.noop),
    ]

"""What is personal of the audit trail stands beside the chain, where it can be erased: blanked once, never altered.

Columns of rows that are there stay as they are, and so do the triggers over them: the two new ones are added in place,
without a copy of a table that may have millions of rows. A row that has none of them, also one that an older release
still writes, is of form 1.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

TABLE = "console_auditpersonal"
TEXTS = ("salt", "user_name", "account_name", "subject", "reason", "ticket")
BLANK = " AND ".join([
    *("OLD.erased_in_id IS NULL", "NEW.erased_in_id IS NOT NULL", "NEW.number = OLD.number"),
    *(f"NEW.{name} = ''" for name in TEXTS),
])
ACTS = ("update", "delete", "insert")
REFUSED = f"{TABLE} is append-only but for erasing"
FUNCTION = (
    "CREATE FUNCTION console_blanked_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF {BLANK} AND NEW.detail = '{{}}'::jsonb THEN RETURN NEW; END IF;"
    f" RAISE EXCEPTION '{REFUSED}'; END $$"
)


def protect(apps: Any, editor: Any) -> None:
    """Make the triggers: the one change that they let through is the blanking of a part that is there."""
    if editor.connection.vendor == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        told = f"EXISTS (SELECT 1 FROM {TABLE} WHERE number = NEW.number)"
        for act, when in (
            ("update", f"WHEN NOT ({BLANK} AND NEW.detail = '{{}}')"), ("delete", ""), ("insert", f"WHEN {told}"),
        ):  # fmt: skip
            editor.execute(f"CREATE TRIGGER {TABLE}_no_{act} BEFORE {act.upper()} ON {TABLE} {when} {refuse}")
        return
    editor.execute(FUNCTION, params=None)
    editor.execute(
        f"CREATE TRIGGER {TABLE}_blanked_once BEFORE UPDATE ON {TABLE}"
        " FOR EACH ROW EXECUTE FUNCTION console_blanked_once()"
    )
    editor.execute(
        f"CREATE TRIGGER {TABLE}_append_only BEFORE DELETE OR TRUNCATE ON {TABLE}"
        " FOR EACH STATEMENT EXECUTE FUNCTION console_append_only()"
    )


def unprotect(apps: Any, editor: Any) -> None:
    """Drop them."""
    if editor.connection.vendor == "sqlite":
        for act in ACTS:
            editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{act}")
        return
    editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_append_only ON {TABLE}")
    editor.execute("DROP FUNCTION IF EXISTS console_blanked_once() CASCADE")


def renamed(name: str, field: models.Field) -> list[Any]:
    """A column under its own name whose field says that it is plain."""
    return [
        migrations.RenameField("auditentry", name, f"plain_{name}"),
        migrations.AlterField("auditentry", f"plain_{name}", field),
    ]


class Migration(migrations.Migration):
    """The columns in place, the two new tables, and what protects one of them."""

    dependencies = [("console", "0012_mail")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("auditentry", "audit_ticket"),
                *renamed("user_name", models.CharField(blank=True, db_column="user_name", max_length=150)),
                *renamed("account_name", models.CharField(blank=True, db_column="account_name", max_length=255)),
                *renamed("reason", models.TextField(blank=True, db_column="reason")),
                *renamed("ticket", models.CharField(blank=True, db_column="ticket", max_length=64)),
                *renamed("detail", models.JSONField(db_column="detail", default=dict)),
                migrations.AddIndex(
                    "auditentry", models.Index(fields=["plain_ticket", "-number"], name="audit_ticket")
                ),
            ]
        ),
        migrations.RunSQL(
            'ALTER TABLE "console_auditentry" ADD COLUMN "form" smallint DEFAULT 1 NOT NULL CHECK ("form" >= 0)',
            'ALTER TABLE "console_auditentry" DROP COLUMN "form"',
            [migrations.AddField("auditentry", "form", models.PositiveSmallIntegerField(db_default=1))],
        ),
        migrations.RunSQL(
            'ALTER TABLE "console_auditentry" ADD COLUMN "personal_digest" varchar(64) DEFAULT \'\' NOT NULL',
            'ALTER TABLE "console_auditentry" DROP COLUMN "personal_digest"',
            [
                migrations.AddField(
                    "auditentry", "personal_digest", models.CharField(blank=True, db_default="", max_length=64)
                )
            ],
        ),
        migrations.CreateModel(
            name="AuditPersonal",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        db_column="number",
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="personal",
                        serialize=False,
                        to="console.auditentry",
                        to_field="number",
                    ),
                ),
                ("salt", models.CharField(blank=True, max_length=64)),
                ("user_name", models.CharField(blank=True, max_length=150)),
                ("account_name", models.CharField(blank=True, max_length=255)),
                ("subject", models.CharField(blank=True, max_length=255)),
                ("reason", models.TextField(blank=True)),
                ("ticket", models.CharField(blank=True, max_length=64)),
                ("detail", models.JSONField(blank=True, default=dict)),
                (
                    "erased_in",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.auditentry",
                        to_field="number",
                    ),
                ),
            ],
            options={
                "default_permissions": ("erase",),
                "indexes": [models.Index(fields=["ticket", "-entry"], name="personal_ticket")],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("claimed_by", models.CharField(blank=True, max_length=255)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("user", "a person of staff"),
                            ("account", "an account"),
                            ("subject", "an object"),
                        ],
                        max_length=16,
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("reached", models.PositiveBigIntegerField(default=0)),
                ("blanked", models.PositiveBigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="console.auditentry",
                        to_field="number",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=Q(("claimed_until__isnull", False)),
                        fields=["claimed_until"],
                        name="erasure_claimed",
                    ),
                    models.Index(condition=Q(("finished_at", None)), fields=["next_try_at"], name="erasure_due"),
                ],
            },
        ),
        migrations.RunPython(protect, unprotect),
    ]

"""The ledger of acceptances, and the permissions of its verbs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """As makemigrations wrote it."""

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="account",
            options={
                "default_permissions": ("view",),
                "ordering": ("-created", "-id"),
                "permissions": (
                    ("create_account", "Can create connected accounts"),
                    ("create_account_link", "Can make onboarding links"),
                    ("fill_test_values", "Can fill in test values, outside live mode"),
                    ("record_terms", "Can record that the holder has accepted terms"),
                    ("show_account_link", "Can be shown onboarding links in live mode"),
                    ("refresh_account", "Can read accounts again at Stripe"),
                    ("view_pii", "Can see personal data unmasked"),
                ),
            },
        ),
        migrations.CreateModel(
            name="Acceptance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("accepted", "Accepted"), ("cleared", "Cleared by Stripe")], max_length=16
                    ),
                ),
                (
                    "agreement",
                    models.CharField(
                        choices=[("issuing", "Issuing terms"), ("services", "Stripe’s services agreement")],
                        max_length=16,
                    ),
                ),
                ("accepted_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("ip", models.CharField(blank=True, max_length=64)),
                ("user_agent", models.CharField(blank=True, max_length=500)),
                ("obtained_how", models.CharField(blank=True, max_length=32)),
                ("by_whom", models.CharField(blank=True, max_length=255)),
                ("evidence", models.CharField(blank=True, max_length=500)),
                ("operation", models.CharField(blank=True, max_length=64)),
                ("source", models.CharField(max_length=16)),
                ("source_id", models.CharField(max_length=320)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("at", "id"),
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "agreement", "kind", "accepted_at"), name="one_acceptance"
                    )
                ],
            },
        ),
    ]

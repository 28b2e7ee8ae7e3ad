"""Connected accounts, persons, capabilities, requirements, onboarding."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The room of connected accounts."""

    name = "accounts"
    verbose_name = "Accounts"
    nouns = (
        "history",
        "changes",
        "of_account",
        "requirements",
        "terms",
        "capabilities",
        "persons",
        "external_accounts",
        "account",
        "issuing_off",
        "onboarding",
    )

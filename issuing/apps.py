"""Cardholders, cards, authorizations and funds."""

from django.apps import AppConfig


class IssuingConfig(AppConfig):
    """The room of Issuing."""

    name = "issuing"
    verbose_name = "Issuing"
    nouns = (
        "cardholders",
        "cards",
        "controls",
        "authorizations",
        "transactions",
        "balances",
        "funds",
        "declines",
        "topups",
        "overview",
        "incident",
    )

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
        "topups",
        "declines",
        "overview",
    )

    def ready(self) -> None:
        """Follow the money."""
        from issuing.balances import refresh

        refresh.listen()

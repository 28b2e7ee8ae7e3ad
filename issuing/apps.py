"""Cardholders, cards, authorizations and funds."""

from django.apps import AppConfig


class IssuingConfig(AppConfig):
    """The room of Issuing."""

    name = "issuing"
    verbose_name = "Issuing"

    def ready(self) -> None:
        """Follow the money."""
        from issuing import refresh

        refresh.listen()

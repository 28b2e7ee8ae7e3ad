"""The one door to Stripe."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """Client, clock, rate budget, mirror, inbox, sync."""

    name = "gateway"
    nouns = ()  # it has tables of its own, and none of Stripe's objects

    def ready(self) -> None:
        """Load system checks."""
        from gateway import checks  # noqa: F401

"""`manage.py bind`: tie the database to this mode and to the platform account of the key."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from gateway import binding
from gateway.errors import Unreachable


class Command(BaseCommand):
    """Bind, or refuse a key or mode that the database was not first used with."""

    help = "Ties this database to CONSOLE_MODE and to the platform account of STRIPE_SECRET_KEY. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        """One call to Stripe."""
        try:
            bound = binding.bind()
        except (ImproperlyConfigured, Unreachable) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{bound.platform_account} in {bound.mode} mode")

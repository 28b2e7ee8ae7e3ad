"""`manage.py register_webhooks`: both webhook endpoints at Stripe, as this release needs them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway import binding, checks, endpoints
from gateway.endpoints import Registered
from gateway.errors import Refused, Unreachable


class Command(BaseCommand):
    """Register, or bring up to date, the endpoint for the platform and the one for connected accounts."""

    help = (
        "Makes Stripe deliver events to CONSOLE_URL. Safe to repeat. In sandbox mode the signing secrets are kept in "
        "VAR_DIR; elsewhere they are printed once, to be set in the environment of the console."
    )
    requires_system_checks = []  # live mode asks for the secrets that this command makes

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --roll."""
        parser.add_argument("--roll", action="store_true", help="replace an endpoint whose secret is lost")

    def handle(self, *args: Any, roll: bool, **options: Any) -> None:
        """Check the address, then register both kinds."""
        for error in checks.mode_and_key(None):
            raise CommandError(f"({error.id}) {error.msg} {error.hint}")
        binding.check_command()
        if settings.CONSOLE_MODE == "live" and not settings.HTTPS:
            raise CommandError(f"Stripe delivers live events to https only; CONSOLE_URL is {settings.CONSOLE_URL}.")
        for kind in endpoints.KINDS:
            self.say(self.register(kind, roll=roll or settings.SANDBOX))

    def register(self, kind: str, *, roll: bool) -> Registered:
        """One endpoint; every trouble as one line."""
        try:
            return endpoints.register(kind, keep=self.keep, roll=roll)
        except endpoints.SecretLost as lost:
            raise CommandError(
                f"The {kind} endpoint {lost} exists, but its secret is not in {endpoints.SETTINGS[kind]}. "
                "Set the value that was printed when it was made, or run this again with --roll to replace it."
            ) from None
        except Refused as refused:
            where = f"{refused.code or refused.type or refused.status}, request {refused.request_id or 'unknown'}"
            raise CommandError(f"Stripe refused: {refused.message} ({where})") from None
        except Unreachable as unreachable:
            raise CommandError(f"{unreachable.message} Run this again.") from None

    def keep(self, kind: str, secrets: list[str]) -> None:
        """Keep new secrets: in a file in the sandbox, elsewhere in the hands of who reads this terminal."""
        if settings.SANDBOX:
            endpoints.keep_in_file(kind, secrets)
        else:
            self.stdout.write(f"{endpoints.SETTINGS[kind]}={','.join(secrets)}")

    def say(self, done: Registered) -> None:
        """One line an endpoint."""
        where = f", secret in {endpoints.secret_file(done.kind)}" if settings.SANDBOX else ""
        self.stderr.write(f"{done.kind} endpoint {done.id} {done.did}: {done.url}{where}")

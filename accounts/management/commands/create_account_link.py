"""Make an onboarding link and print it, once."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from console.operations.commands import BAD_INPUT, VerbCommand
from console.operations.door import Performed


class Command(VerbCommand):
    """The verb as a command, for one account. The address goes to the terminal and nowhere else."""

    help = "Make a link to Stripe's hosted form for an account's holder (not in live mode)."
    verb_name = "accounts.create_account_link"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        parser.add_argument("--type", help="account_onboarding (default) | account_update")
        parser.add_argument("--collect", help="currently_due (default) | eventually_due")
        parser.add_argument("--future", action="store_true", default=None, help="Also what is announced for later.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One link for one account."""
        if settings.CONSOLE_MODE == "live":
            raise CommandError("In live mode the holder opens the platform's own page.", returncode=BAD_INPUT)
        if len(options["accounts"]) != 1:
            raise CommandError("A link is for one holder: name one account.", returncode=BAD_INPUT)
        super().handle(*args, **options)

    def report(self, performed: Performed) -> None:
        """The address alone, so that it can be piped; else what went wrong."""
        link = performed.shown.get("link")
        if link:
            self.stdout.write(link["url"])
        elif performed.again:
            self.stderr.write("This link was made before; its address was shown then. Make a new one.")
        else:
            super().report(performed)

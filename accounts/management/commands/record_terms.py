"""Record that an account's representative has accepted terms."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.terms.words import AGREEMENTS, HOW
from console.operations.commands import BAD_INPUT, VerbCommand


class Command(VerbCommand):
    """The verb as a command, for one account: each has its own representative, date and address."""

    help = "Record the holder's acceptance of the Issuing terms and of Stripe's services agreement, with evidence."
    verb_name = "accounts.record_terms"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        parser.add_argument(
            "--agreement", dest="agreements", action="append", help=f"{' | '.join(AGREEMENTS)}; may stand twice."
        )
        parser.add_argument("--accepted-at", required=True, help="UTC, such as 2026-11-24T09:30:00.")
        parser.add_argument("--ip", required=True, help="The representative's address.")
        parser.add_argument("--user-agent", help="The representative's browser.")
        parser.add_argument("--by-whom", required=True, help="The representative's name.")
        parser.add_argument("--obtained-how", required=True, help=" | ".join(HOW))
        parser.add_argument("--evidence", required=True, help="Where the evidence lies.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One acceptance of one account."""
        if len(options["accounts"]) != 1:
            raise CommandError("An acceptance is one representative's: name one account.", returncode=BAD_INPUT)
        super().handle(*args, **options)

"""Cancel cards, for good."""

from django.core.management.base import CommandParser

from console.operations.commands import VerbCommand
from issuing.cards.words import VERIFIED


class Command(VerbCommand):
    """The verb as a command, for many."""

    help = "Cancel cards. This cannot be undone: a canceled card never works again."
    verb_name = "issuing.cancel_card"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's field."""
        parser.add_argument("--cancellation-reason", help="lost | stolen; none for any other.")
        parser.add_argument(
            "--verified",
            choices=list(VERIFIED),
            help="How the caller who reports it was verified; Support has to say it, and cancels one card at a time.",
        )

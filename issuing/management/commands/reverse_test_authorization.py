"""Reverse test authorizations."""

from django.core.management.base import CommandParser

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command, for many."""

    help = "Have the merchant give back the holds of test authorizations (in the sandbox and in test mode)."
    verb_name = "issuing.reverse_test_authorization"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's field."""
        parser.add_argument("--reverse-amount", help="In major units; all that is held where it is left out.")

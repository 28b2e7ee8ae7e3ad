"""Capture test authorizations."""

from django.core.management.base import CommandParser

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command, for many."""

    help = "Have the merchant take the money of test authorizations (in the sandbox and in test mode)."
    verb_name = "issuing.capture_test_authorization"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        parser.add_argument("--capture-amount", help="In major units; all that is held where it is left out.")
        parser.add_argument("--keep-open", action="store_true", default=None, help="The merchant will take more later.")

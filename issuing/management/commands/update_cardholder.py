"""Change a cardholder."""

from django.core.management.base import CommandParser

from console.operations.commands import VerbCommand
from issuing.cardholders.forms import PARTS
from issuing.management.commands.create_cardholder import add_cardholder_fields


class Command(VerbCommand):
    """The verb as a command: only what is given changes."""

    help = "Change cardholders: what is not given stays as it is."
    verb_name = "issuing.update_cardholder"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        add_cardholder_fields(parser)
        text = "Send the address without this; repeat it for both."
        parser.add_argument("--take-off", action="append", choices=list(PARTS), help=text)

"""Try an authorization with a test card."""

from django.core.management.base import CommandParser

from console.operations.commands import VerbCommand
from console.operations.door import Performed
from issuing.authorizations import words


class Command(VerbCommand):
    """The verb as a command; prints the authorization's id and what Stripe decided. A decline is no error."""

    help = "Try an authorization with a test card (in the sandbox and in test mode)."
    verb_name = "issuing.create_test_authorization"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        parser.add_argument("--card", required=True, help="Id of a card of this account.")
        parser.add_argument("--amount", required=True, help="In the card's currency, such as 12 or 49.50.")
        parser.add_argument("--merchant-name", default="Rocket Rides", help="Who asks for it.")
        parser.add_argument("--category", help="Stripe's name of the merchant category.")
        parser.add_argument("--authorization-method", help=" | ".join(words.METHODS))

    def report(self, performed: Performed) -> None:
        """The id, then the decision."""
        operation = performed.operation
        if operation.state == operation.State.SUCCEEDED:
            self.stdout.write(f"{operation.object_id} {self.verb.done(operation)}")
        else:
            super().report(performed)

"""Top up an Issuing balance."""

from django.core.management.base import CommandParser

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command; prints the top-up's id. The money can be spent once it has settled."""

    help = "Pull money from the account's bank into its Issuing balance (United States only)."
    verb_name = "issuing.create_topup"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        parser.add_argument("--amount", required=True, help="In US dollars, such as 1500 or 49.50.")
        parser.add_argument("--description", help="For the account's books.")
        parser.add_argument("--statement-descriptor", help="On the bank statement, at most 15 characters.")

"""Create a connected account at Stripe."""

from django.core.management.base import CommandParser

from accounts.account.forms import BUSINESS_TYPES
from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command; prints the new account's id."""

    help = "Create a connected account (Custom-equivalent, with card_issuing and transfers requested)."
    verb_name = "accounts.create_account"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        parser.add_argument("--country", required=True, help="Two letters, such as US.")
        parser.add_argument("--business-type", required=True, help=" | ".join(BUSINESS_TYPES))
        parser.add_argument("--business-name", help="As customers know it.")
        parser.add_argument("--company-name", help="The legal name of a company.")
        parser.add_argument("--first-name", help="Of an individual.")
        parser.add_argument("--last-name", help="Of an individual.")
        parser.add_argument("--email", help="Of the account's holder.")
        parser.add_argument("--url", help="Website.")
        parser.add_argument("--product-description", help="What it sells.")

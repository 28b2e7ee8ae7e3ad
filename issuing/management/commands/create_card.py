"""Create a virtual card."""

from django.core.management.base import CommandParser

from console.operations.commands import VerbCommand
from issuing.controls import words


class Command(VerbCommand):
    """The verb as a command; prints the new card's id."""

    help = "Create a virtual card, inactive, for a cardholder of the account."
    verb_name = "issuing.create_card"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        parser.add_argument("--cardholder", required=True, help="Id of a cardholder of this account.")
        parser.add_argument("--limit-amount", help="Spending limit in major units, such as 200 or 49.50.")
        parser.add_argument("--limit-interval", help=" | ".join(words.INTERVALS))

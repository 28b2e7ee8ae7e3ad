"""Create a cardholder."""

from django.core.management.base import CommandParser

from console.operations.commands import VerbCommand

FIELDS = {
    "--email": "E-mail.",
    "--phone-number": "With country code, such as +14155550123.",
    "--first-name": "Of an individual.",
    "--last-name": "Of an individual.",
    "--line1": "Billing address: street and number.",
    "--line2": "Flat, floor.",
    "--city": "City.",
    "--state": "State or region.",
    "--postal-code": "Postal code.",
    "--country": "Two letters, such as US.",
    "--terms-date": "When the cardholder accepted the authorized-user terms, UTC: 2026-11-23T14:05.",
    "--terms-ip": "The address from which the cardholder accepted them.",
    "--terms-user-agent": "The browser with which they did, where it is known.",
}


def add_cardholder_fields(parser: CommandParser) -> None:
    """What can be given of a cardholder. Dates of birth and tax numbers are typed on the page only: a command's
    arguments stay in a shell's history.
    """
    for option, words in FIELDS.items():
        parser.add_argument(option, help=words)


class Command(VerbCommand):
    """The verb as a command; prints the new cardholder's id."""

    help = "Create a cardholder of an account."
    verb_name = "issuing.create_cardholder"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        parser.add_argument("--type", required=True, help="individual | company")
        parser.add_argument("--name", required=True, help="Name on the card: at most 24 letters, no digits.")
        add_cardholder_fields(parser)

"""Read accounts again at Stripe."""

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command, for many accounts."""

    help = "Read accounts again at Stripe, with their capabilities, persons and external accounts."
    verb_name = "accounts.refresh"

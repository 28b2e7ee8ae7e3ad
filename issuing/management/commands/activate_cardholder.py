"""Activate cardholders."""

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command, for many."""

    help = "Let the cards of cardholders work again."
    verb_name = "issuing.activate_cardholder"

"""Deactivate cards."""

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command, for many."""

    help = "Decline every authorization with cards until they are activated."
    verb_name = "issuing.deactivate_card"

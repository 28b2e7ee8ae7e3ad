"""Activate cards."""

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command, for many."""

    help = "Activate cards."
    verb_name = "issuing.activate_card"

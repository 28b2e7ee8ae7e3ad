"""Cancel top-ups that are on their way."""

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command, for many."""

    help = "Cancel top-ups while they are pending: the bank is not asked for the money."
    verb_name = "issuing.cancel_topup"

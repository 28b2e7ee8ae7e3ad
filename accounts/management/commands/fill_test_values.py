"""Fill in what is due with Stripe's test values."""

from console.operations.commands import VerbCommand


class Command(VerbCommand):
    """The verb as a command, for many accounts; not in live mode."""

    help = "Satisfy everything that is due of accounts with Stripe's test values (sandbox and test mode only)."
    verb_name = "accounts.fill_test_values"

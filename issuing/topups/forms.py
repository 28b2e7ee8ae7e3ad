"""What staff fill in to top up an Issuing balance."""

from console.operations.fields import AmountField, LineField, VerbForm


class CreateTopupForm(VerbForm):
    """Money from the account's bank to what its cards can spend: in US dollars alone."""

    amount = AmountField(help_text="In US dollars.")
    description = LineField(required=False, help_text="For the account’s books.")
    statement_descriptor = LineField(
        label="On the bank statement", required=False, max_length=15, help_text="At most 15 characters."
    )

    def currency(self) -> str:
        """Of every top-up."""
        return "usd"

"""Top up an Issuing balance."""

from typing import Any

from django.urls import reverse

from accounts.account.models import Account
from console.operations.fields import minor
from console.operations.models import Operation
from console.operations.verbs import CreateVerb, Outcome, Request, StatusVerb, Weight, given
from console.shell import formats
from issuing.topups.forms import CreateTopupForm
from issuing.topups.models import Topup

Data = dict[str, Any]


class CreateTopup(CreateVerb):
    """Money from the account's bank to what its cards can spend, which is US only."""

    name = "issuing.create_topup"
    label = "Top up Issuing balance"
    permission = "issuing.create_topup"
    form = CreateTopupForm
    makes = Topup
    stripe_object = "topup"
    undo = "Cancel it while it is pending. Money that has arrived is paid out to the bank."

    def objection(self, row: Account) -> str:
        """Where money comes in another way."""
        if row.country == "US" or not row.country:
            return ""
        return (
            "Only in the United States is money pulled into an Issuing balance by a top-up."
            f" This account is in {row.country}: its holder sends a bank transfer to its funding instructions."
        )

    def weights(self, row: Account, values: Data) -> list[Weight]:
        """How much."""
        return [Weight(minor(values.get("amount"), "usd"), "usd")]

    def body(self, account_id: str, values: Data) -> Data:
        """Into the Issuing balance (docs.stripe.com/issuing/connect/funding)."""
        body = {
            "amount": minor(values.get("amount"), "usd"),
            "currency": "usd",
            "destination_balance": "issuing",
            "description": values.get("description"),
            "statement_descriptor": values.get("statement_descriptor"),
        }
        return given(body)

    def outcome(self, row: Any, request_id: str = "", **result: Any) -> Outcome:
        """HistoryRow by its amount."""
        return super().outcome(row, request_id, name=formats.amount(row.amount, row.currency))

    def done(self, operation: Operation) -> str:
        """What happens next."""
        amount = operation.result.get("name", "The top-up")
        return f"{amount} is on its way from the bank. Cards can spend it once it has settled."

    def next_url(self, operation: Operation) -> str:
        """The balances that it will change."""
        return reverse("balances", args=[operation.account_id])


class CancelTopup(StatusVerb):
    """Take back a top-up that is still on its way (docs.stripe.com/api/topups/cancel)."""

    noun = Topup
    stripe_object = "topup"
    page, unnamed = "topup", "Top-up"
    name = "issuing.cancel_topup"
    label, label_many = "Cancel top-up", "Cancel top-ups"
    permission = "issuing.create_topup"
    status, call = "canceled", "cancel"
    undo = "It stays canceled. Top up again to have the money after all."
    sentence = "{} is canceled: nothing comes from the bank."

    def objection(self, row: Topup) -> str:
        """Stripe cancels what is pending, and nothing else."""
        if row.status in ("pending", "canceled"):
            return f"{row} is not at Stripe any more." if row.gone else ""
        return f"{row} is {row.status}: only a pending top-up can be canceled."

    def request(self, row: Topup, values: Data) -> Request:
        """The POST, which takes no parameters."""
        return Request("POST", f"{self.path(row)}/cancel", row.account_id or "", undo=self.undo, before=row.data)

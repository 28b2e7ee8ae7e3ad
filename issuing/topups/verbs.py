"""Top up an Issuing balance."""

from typing import Any

from django.urls import reverse

from accounts.account.models import Account
from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb, register
from console.shell import formats
from issuing.acts import SHOWN_MARK, found_by_mark, mark, outcome
from issuing.base import given, minor
from issuing.topups.forms import CreateTopupForm
from issuing.topups.models import Topup

Data = dict[str, Any]


def topup_body(values: Data, marks: Data) -> Data:
    """The body of a top-up of the Issuing balance, which is US only."""
    return given(
        {
            "amount": minor(values.get("amount"), "usd"),
            "currency": "usd",
            "destination_balance": "issuing",
            "description": values.get("description"),
            "statement_descriptor": values.get("statement_descriptor"),
            "metadata": marks,
        }
    )


def _create_topup(operation: Operation, values: Data) -> Outcome:
    body = topup_body(values, mark(operation))
    row, answer = Topup.create_topup(account_id=operation.account_id, key=operation.key, params=body)
    return outcome(row, answer.request_id, name=formats.amount(row.amount, row.currency))


def _topup_request(account_id: str, values: Data) -> Request:
    body = topup_body(values, SHOWN_MARK)
    return Request(
        "POST",
        "/v1/topups",
        account_id,
        body,
        undo="It can be canceled at Stripe while it is pending. Money that has arrived is paid out to the bank.",
    )


def _topup_objection(account: Account) -> str:
    if account.country == "US" or not account.country:
        return ""
    return (
        "Only in the United States is money pulled into an Issuing balance by a top-up."
        f" This account is in {account.country}: its holder sends a bank transfer to its funding instructions."
    )


def _topup_done(operation: Operation) -> str:
    amount = operation.result.get("name", "The top-up")
    return f"{amount} is on its way from the bank. Cards can spend it once it has settled."


create_topup = register(
    Verb(
        name="issuing.create_topup",
        many=False,
        label="Top up Issuing balance",
        permission="issuing.create_topup",
        send=_create_topup,
        form=CreateTopupForm,
        request=_topup_request,
        find=found_by_mark(Topup),
        objection=_topup_objection,
        done=_topup_done,
        next_url=lambda operation: reverse("balances", args=[operation.account_id]),
        stripe_object="topup",
    )
)

"""The pages of an account's transactions."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from console.lists.listing import Listing, list_page
from console.shell.drawing import page
from console.viewing.access import get_object, view_as
from console.viewing.objects import object_context
from gateway import mirror
from gateway.shapes import hash_at
from issuing.transactions import words as transactions_words
from issuing.transactions.models import Transaction

TRANSACTIONS = Listing(
    model=Transaction,
    title="Transactions",
    url="transactions",
    table="issuing/transactions/rows.html",
    tabs={"capture": "Captures", "refund": "Refunds"},
    narrow=lambda rows, value: rows.with_type(value),
    related=("card", "cardholder"),
    parameter="type",
    placeholder="Id, last four or merchant",
    out="issuing-transactions",
    empty="A transaction is made when a merchant takes the money that an authorization holds, or gives it back.",
)


def transaction_context(request: HttpRequest, row: Transaction) -> dict[str, Any]:
    """One transaction, read `with_card`. No more queries."""
    data = row.data or {}
    kind, where = transactions_words.TRANSACTIONS.get(row.type, row.type), row.merchant_name or "an unnamed merchant"
    return {
        "title": f"{kind} at {where}",
        "transaction": row,
        "card": mirror.related(row, "card"),
        "cardholder": mirror.related(row, "cardholder"),
        "data": {"merchant_amount": None, "merchant_currency": None, **data},
        "merchant": hash_at(data, "merchant_data"),
        **object_context(request, row),
    }


@require_safe
@view_as
def transactions(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's transactions."""
    return list_page(request, account_id, TRANSACTIONS)


@require_safe
@view_as
def transaction(request: HttpRequest, account_id: str, transaction_id: str) -> HttpResponse:
    """One transaction."""
    row = get_object(request, Transaction, account_id, transaction_id)
    return page(request, "issuing/transactions/transaction.html", transaction_context(request, row))

"""The pages of an account's transactions."""

from typing import Any

from django.urls import path

from console.lists.exports_cells import OF_ACCOUNT, Column, amount_columns
from console.lists.exports_words import badge_column, created_columns, object_columns
from console.lists.listing import Listing, ListView
from console.shell import formats
from console.viewing.addresses import OBJECT, VIEWED
from console.viewing.objects import ObjectView
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
    columns=(
        Column("Merchant", lambda row: row.merchant_name or row.pk),
        Column("Category", lambda row: formats.plain(row.category), of="Merchant", only=OF_ACCOUNT),
        Column("Transaction id", lambda row: row.pk, of="Merchant"),
        badge_column("Type", "transaction", lambda row: row.type),
        *object_columns("Cardholder", "cardholder"),
        *object_columns("Card", "card", of="Cardholder"),
        *created_columns(),
        *amount_columns("Amount", lambda row: (row.amount, row.currency)),
    ),
)


class TransactionPage(ObjectView):
    """One transaction. No more queries."""

    model, template, related = Transaction, "issuing/transactions/transaction.html", ("card", "cardholder")

    def parts(self) -> dict[str, Any]:
        """What the page shows."""
        row, data = self.row, self.row.data or {}
        kind = transactions_words.TRANSACTIONS.get(row.type, row.type)
        return {
            **super().parts(),
            "title": f"{kind} at {row.merchant_name or 'an unnamed merchant'}",
            "transaction": row,
            "card": mirror.related(row, "card"),
            "cardholder": mirror.related(row, "cardholder"),
            "data": {"merchant_amount": None, "merchant_currency": None, **data},
            "merchant": hash_at(data, "merchant_data"),
        }


urlpatterns = [
    path(f"{VIEWED}/issuing/transactions", ListView.as_view(listing=TRANSACTIONS), name="transactions"),
    path(f"{VIEWED}/issuing/transactions/{OBJECT}", TransactionPage.as_view(), name="transaction"),
]

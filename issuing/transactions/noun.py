"""What the shell may ask about transactions."""

from collections.abc import Iterable

from django.http import HttpRequest

from accounts.history.models import StateChange
from accounts.history.pages import Words
from console.lists import keyset
from console.people.signed_in import may_see
from console.shell import formats
from console.shell.badges import Badge
from console.shell.links import DOCS
from console.shell.nouns import Found, MenuEntry, Noun, Search, Tab, object_page
from gateway.mirror import related
from issuing.transactions import words
from issuing.transactions.models import Transaction


def describe(row: Transaction, change: StateChange) -> Words:
    """What moved."""
    kind = words.TRANSACTIONS.get(row.type, row.type)
    text = f"{kind} of {formats.amount(abs(row.amount), row.currency)}"
    return Words(text, f"at {row.merchant_name}", "transactions", "", row.get_absolute_url())


def find(request: HttpRequest, asked: str) -> Iterable[Found]:
    """By the card's last four, merchant or metadata: the last ten at most."""
    rows = Transaction.objects.select_related("account")
    for row in keyset.first_found(rows, asked[:255], personal=may_see(request)):
        amount, owner = formats.amount(row.amount, row.currency), str(related(row, "account") or "")
        parts = (amount, formats.plain(row.type), owner)
        label = row.merchant_name or row.pk
        yield Found(label=label, url=row.get_absolute_url(), detail=" · ".join(filter(None, parts)), id=row.pk)


NOUN = Noun(
    model=Transaction,
    event_types=("issuing_transaction.created", "issuing_transaction.updated"),
    personal=("metadata", "purchase_details"),
    roles={"viewer": ("issuing.view_transaction",)},
    menu=(
        MenuEntry(
            label="Transactions",
            url="admin:issuing_transaction_changelist",
            icon="transactions",
            section="Issuing",
            permission="issuing.view_transaction",
            order=3,
        ),
    ),
    tabs=(Tab(label="Transactions", path="issuing/transactions", icon="transactions", order=4),),
    searches=(Search(title="Transactions", find=find, permission="issuing.view_transaction", order=50),),
    badges={"transaction": {"capture": Badge("card", "Capture", "mute"), "refund": Badge("refresh", "Refund", "mute")}},
    rules={"transactions": f"{DOCS}/issuing/purchases/transactions"},
    dashboard=(
        ("ipi_", "{account}/issuing/transactions/{id}"),
        ("issuing-transactions", "{account}/issuing/transactions"),
    ),
    page_of={"ipi_": object_page(Transaction)},
    describe=describe,
)

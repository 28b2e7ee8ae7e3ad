"""What the shell may ask about transactions."""

from accounts.history.models import StateChange
from accounts.history.pages import Words
from console.shell import formats
from console.shell.badges import Badge
from console.shell.links import DOCS
from console.shell.nouns import MenuEntry, Noun, Tab, object_page
from issuing.transactions import words
from issuing.transactions.models import Transaction


def describe(row: Transaction, change: StateChange) -> Words:
    """What moved."""
    kind = words.TRANSACTIONS.get(row.type, row.type)
    text = f"{kind} of {formats.amount(abs(row.amount), row.currency)}"
    return Words(text, f"at {row.merchant_name}", "transactions", "", row.get_absolute_url())


NOUN = Noun(
    model=Transaction,
    event_types=("issuing_transaction.created", "issuing_transaction.updated"),
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
    badges={"transaction": {"capture": Badge("card", "Capture", "mute"), "refund": Badge("refresh", "Refund", "mute")}},
    rules={"transactions": f"{DOCS}/issuing/purchases/transactions"},
    dashboard=(
        ("ipi_", "{account}/issuing/transactions/{id}"),
        ("issuing-transactions", "{account}/issuing/transactions"),
    ),
    page_of={"ipi_": object_page(Transaction)},
    describe=describe,
)

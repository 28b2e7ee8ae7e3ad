"""Balance and balance transactions (docs.stripe.com/api/balance, /api/balance_transactions)."""

from sandbox.world import ledger
from sandbox.world.errors import missing
from sandbox.world.issuing import currency_of, fetch, issuing_status
from sandbox.world.noun import Call, listing, route
from sandbox.world.store import Data, Store


def show_balance(store: Store, account: str | None) -> Data:
    """Payments balance, and the Issuing balance beside it where Issuing is requested. The platform holds reserves."""
    held, own = ledger.balance(store, account), currency_of(store, account)
    shown: Data = {
        "object": "balance",
        "available": _funds(held["payments"], own),
        "livemode": False,
        "pending": _funds(held["pending"], own),
    }
    if account is None:
        shown["connect_reserved"] = [{"amount": 0, "currency": own}]
    elif issuing_status(store, account):
        shown["issuing"] = {"available": _funds(held["issuing"], own)}
    return shown


def _funds(amounts: dict[str, int], own: str) -> list[Data]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted({own: 0, **amounts}.items())
    ]


@route("GET", "/v1/balance")
def retrieve(call: Call) -> Data:
    """The acting account's balances, or the platform's."""
    return show_balance(call.store, call.account)


@route("GET", "/v1/balance_transactions")
def list_all(call: Call) -> Data:
    """The balance transactions, newest first, by created, currency, source and type."""
    asked = {name: call.params[name] for name in ("currency", "source", "type") if name in call.params}
    if "currency" in asked:
        asked["currency"] = asked["currency"].lower()
    if "payout" in call.params:
        raise missing("payout", call.params["payout"], "payout")  # the sandbox makes none
    return listing(call, "balance_transaction", url="/v1/balance_transactions", account=call.account, **asked)


@route("GET", "/v1/balance_transactions/{id}")
def retrieve_transaction(call: Call) -> Data:
    """One balance transaction."""
    return fetch(call, "balance_transaction", call.ids["id"])

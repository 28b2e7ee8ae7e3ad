"""Balance and balance transactions (docs.stripe.com/api/balance, /api/balance_transactions)."""

from sandbox import ledger
from sandbox.issuing import currency_of, fetch, issuing_status
from sandbox.noun import Call, Data, listing, route

NO_SOURCES = {"card": 0}


@route("GET", "/v1/balance")
def retrieve(call: Call) -> Data:
    """Payments balance, and the Issuing balance beside it where Issuing is requested."""
    held = ledger.balance(call.store, call.account)
    own = currency_of(call.store, call.account) if call.account else "usd"
    found: Data = {
        "object": "balance",
        "available": _funds(held["payments"], own),
        "livemode": False,
        "pending": _funds(held["pending"], own),
    }
    if call.account and issuing_status(call.store, call.account):
        found["issuing"] = {"available": _funds(held["issuing"], own)}
    return found


def _funds(amounts: dict[str, int], own: str) -> list[Data]:
    known = {own: 0, **amounts}
    return [
        {"amount": amount, "currency": currency, "source_types": {**NO_SOURCES, "card": amount}}
        for currency, amount in sorted(known.items())
    ]


@route("GET", "/v1/balance_transactions")
def list_all(call: Call) -> Data:
    """Movements of the balances, newest first, by currency, source and type."""
    asked = {name: call.params[name] for name in ("currency", "source", "type") if name in call.params}
    if "currency" in asked:
        asked["currency"] = asked["currency"].lower()
    return listing(call, "balance_transaction", url="/v1/balance_transactions", account=call.account, **asked)


@route("GET", "/v1/balance_transactions/{id}")
def retrieve_transaction(call: Call) -> Data:
    """One movement."""
    return fetch(call, "balance_transaction", call.ids["id"])

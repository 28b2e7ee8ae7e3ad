"""Issuing transactions and their test helpers (docs.stripe.com/api/issuing/transactions)."""

from sandbox import purchases
from sandbox.issuing import check_currency, fetch, owner
from sandbox.noun import Call, Data, diff, invalid, listing, merge_metadata, public, route
from sandbox.purchases import TRANSACTION

HELPERS = "/v1/test_helpers/issuing/transactions"


@route("GET", "/v1/issuing/transactions")
def list_all(call: Call) -> Data:
    """Transactions, newest first, by card, cardholder, created and type."""
    asked = {name: call.params[name] for name in ("card", "cardholder", "type") if name in call.params}
    return listing(call, TRANSACTION, url="/v1/issuing/transactions", account=owner(call), **asked)


@route("GET", "/v1/issuing/transactions/{id}")
def retrieve(call: Call) -> Data:
    """One transaction of the acting account."""
    owner(call)
    return fetch(call, TRANSACTION, call.ids["id"])


@route("POST", "/v1/issuing/transactions/{id}")
def update(call: Call) -> Data:
    """Metadata only."""
    account = owner(call)
    found = fetch(call, TRANSACTION, call.ids["id"])
    before = public(found)
    found["metadata"] = merge_metadata(found["metadata"], call.params.get("metadata"))
    call.store.put(TRANSACTION, found, account)
    previous = diff(before, public(found))
    if previous:
        call.world.emit("issuing_transaction.updated", found, account=account, previous=previous)
    return found


@route("POST", HELPERS + "/create_force_capture")
def force_capture(call: Call) -> Data:
    """A capture without an authorization: no control, no status and no balance stops it."""
    return _book(call, -1, "capture")


@route("POST", HELPERS + "/create_unlinked_refund")
def unlinked_refund(call: Call) -> Data:
    """Money back that belongs to no capture."""
    return _book(call, 1, "refund")


def _book(call: Call, sign: int, kind: str) -> Data:
    account, params = owner(call), call.params
    card = fetch(call, "issuing.card", params["card"], "card")
    check_currency(call, account)
    if params["amount"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "parameter_invalid_integer", "amount")
    return purchases.transaction(
        call.world,
        card,
        sign * params["amount"],
        account,
        kind=kind,
        of=None,
        merchant_data=purchases.merchant(params.get("merchant_data")),
        details=params.get("purchase_details") or {},
    )


@route("POST", HELPERS + "/{id}/refund")
def refund(call: Call) -> Data:
    """Give a capture back, whole or in part: a transaction of its own."""
    account = owner(call)
    found = fetch(call, TRANSACTION, call.ids["id"])
    left = -found["amount"] - found["_refunded"]
    amount = call.params.get("refund_amount", left)
    if found["type"] != "capture" or not 0 < amount <= left:
        raise invalid("Only what was captured and not refunded yet can be refunded.", param="refund_amount")
    found["_refunded"] += amount
    call.store.put(TRANSACTION, found, account)
    authorization = call.store.get(purchases.AUTHORIZATION, found["authorization"] or "", account)
    return purchases.transaction(
        call.world,
        fetch(call, "issuing.card", found["card"]),
        amount,
        account,
        kind="refund",
        of=authorization,
        merchant_data=found["merchant_data"],
        details={},
    )

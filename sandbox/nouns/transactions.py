"""Issuing transactions and their test helpers (docs.stripe.com/api/issuing/transactions)."""

from sandbox.rules.merchants import merchant
from sandbox.world import authorizations
from sandbox.world.errors import invalid
from sandbox.world.issuing import (
    AUTHORIZATION,
    CARD,
    TRANSACTION,
    amount_of,
    check_currency,
    fetch,
    owner,
    show_authorization,
)
from sandbox.world.noun import Call, diff, listing, merge_metadata, route
from sandbox.world.store import Data
from sandbox.world.world import public

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
    if previous := diff(before, public(found)):
        call.world.emit("issuing_transaction.updated", found, account=account, previous=previous)
    return found


@route("POST", HELPERS + "/create_force_capture")
def force_capture(call: Call) -> Data:
    """A capture without an authorization: no control, no status and no balance stops it."""
    return _book(call, -1)


@route("POST", HELPERS + "/create_unlinked_refund")
def unlinked_refund(call: Call) -> Data:
    """Money back that belongs to no capture."""
    return _book(call, 1)


def _book(call: Call, sign: int) -> Data:
    account, params = owner(call), call.params
    card = fetch(call, CARD, params["card"], "card")
    check_currency(call, account)
    amount = sign * amount_of(call, "amount")
    merchant_data = merchant(params.get("merchant_data"))
    new = authorizations.transaction(call.world, card, amount, merchant_data, params.get("purchase_details"))
    return authorizations.book(call.world, account, new)


@route("POST", HELPERS + "/{id}/refund")
def refund(call: Call) -> Data:
    """Give a capture back, whole or in part: a transaction of its own."""
    account = owner(call)
    found = fetch(call, TRANSACTION, call.ids["id"])
    left = -found["amount"] - found["_refunded"]
    if found["type"] != "capture" or not left:
        raise invalid("Only a capture that has not been refunded yet can be refunded.")
    amount = amount_of(call, "refund_amount", left)
    if amount > left:
        raise invalid(f"You cannot refund more than the {left} that is left of it.", param="refund_amount")
    found["_refunded"] += amount
    call.store.put(TRANSACTION, found, account)
    if found["authorization"]:  # it joins the authorization's transactions
        authorization = fetch(call, AUTHORIZATION, found["authorization"])
        before = public(show_authorization(call.store, authorization, account))
        made = authorizations.book_of(call.world, account, authorization, amount)
        authorizations.put(call.world, authorization, account, before)
        return made
    card = fetch(call, CARD, found["card"])
    return authorizations.book(
        call.world, account, authorizations.transaction(call.world, card, amount, found["merchant_data"], None)
    )

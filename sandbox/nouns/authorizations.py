"""Authorizations and their test helpers (docs.stripe.com/api/issuing/authorizations)."""

from typing import Any

from sandbox.rules import merchants
from sandbox.world import authorizations
from sandbox.world.errors import invalid
from sandbox.world.issuing import AUTHORIZATION, CARD, amount_of, check_currency, fetch, owner, show_authorization
from sandbox.world.noun import Call, listing, merge_metadata, route, setting, task
from sandbox.world.store import Data
from sandbox.world.world import World, new_id, public

HELPERS = "/v1/test_helpers/issuing/authorizations"
setting("authorization_life", 7 * 86400)  # seconds after which a hold that nobody captured expires
PRESENT = ("chip", "contactless", "swipe")
CHECKS = {
    "address_line1_check": "not_provided",
    "address_postal_code_check": "not_provided",
    "authentication_exemption": None,
    "cvc_check": "not_provided",
    "expiry_check": "match",
    "postal_code": None,
    "three_d_secure": None,
}


@route("POST", HELPERS)
def create(call: Call) -> Data:
    """A card is used. A decline is no error: `approved` says no and `request_history` says why."""
    account, world = owner(call), call.world
    card = fetch(call, CARD, call.params["card"], "card")
    check_currency(call, account)
    amount, merchant_amount = _amounts(call)
    authorization = _new(call, card)
    authorization.update(amount=amount, merchant_amount=merchant_amount)
    authorization["_rate"] = merchant_amount / amount if amount else 1
    approved = authorizations.ask(world, authorization, amount, account)
    authorization.update(approved=approved, status="pending" if approved else "closed")
    if approved:
        authorizations.hold(world, authorization, amount, account)
        payload = {"id": authorization["id"], "account": account}
        world.later(world.settings["authorization_life"], "authorization.expire", payload)
    shown = authorizations.put(world, authorization, account, None)
    if approved and amount:
        authorizations.count_payment(world, card["id"], account)
    return shown


def _amounts(call: Call) -> tuple[int, int]:
    """(amount, merchant_amount), one standing for the other: the sandbox knows no exchange rates of its own."""
    given = [name for name in ("amount", "merchant_amount") if name in call.params]
    if not given:
        raise invalid("Missing required param: amount.", "parameter_missing", "amount")
    first = amount_of(call, given[0], least=0)
    return first, amount_of(call, "merchant_amount", first, least=0)


def _new(call: Call, card: Data) -> Data:
    return {
        "id": new_id("iauth"),
        "object": AUTHORIZATION,
        "approved": False,
        "balance_transactions": [],
        "card": card["id"],
        "cardholder": card["cardholder"],
        "created": call.world.now,
        "currency": card["currency"],
        "fraud_challenges": None,
        "livemode": False,
        "metadata": {},
        "pending_request": None,
        "request_history": [],
        "status": "pending",
        "token": None,
        "transactions": [],
        "verified_by_fraud_challenge": None,
        "_held": 0,
        "_captured": 0,
        **_merchants_fields(call.params, card["currency"]),
    }


def _merchants_fields(params: dict[str, Any], currency: str) -> Data:
    """The fields of an authorization that the merchant gives."""
    method, network = params.get("authorization_method", "online"), params.get("network_data") or {}
    return {
        "amount_details": {"atm_fee": None, "cashback_amount": None, **(params.get("amount_details") or {})},
        "authorization_method": method,
        "card_presence": "present" if method in PRESENT else "not_present",
        "fleet": merchants.fleet(params.get("fleet"), of_authorization=True),
        "fuel": merchants.fuel(params.get("fuel")),
        "merchant_currency": str(params.get("merchant_currency", currency)).lower(),
        "merchant_data": merchants.merchant(params.get("merchant_data")),
        "network_data": {
            "acquiring_institution_id": network.get("acquiring_institution_id"),
            "system_trace_audit_number": None,
            "transaction_id": None,
        },
        "verification_data": {**CHECKS, **(params.get("verification_data") or {})},
        "wallet": params.get("wallet"),
    }


# What merchants do with an authorization


def _open(call: Call) -> tuple[str, Data, Data]:
    """The acting account, the authorization, and how it looked before."""
    account = owner(call)
    authorization = fetch(call, AUTHORIZATION, call.ids["id"])
    return account, authorization, public(show_authorization(call.store, authorization, account))


def _pending(authorization: Data, what: str) -> None:
    if authorization["status"] != "pending":
        raise invalid(f"You cannot {what} an authorization with status `{authorization['status']}`.")


@route("POST", HELPERS + "/{id}/capture")
def capture(call: Call) -> Data:
    """The merchant takes the money: more or less than is held, or in several parts, whatever the card's status."""
    account, authorization, before = _open(call)
    if not authorization["approved"]:
        raise invalid("You cannot capture an authorization that was declined.")
    held = authorization["_held"]
    left = max(authorization["amount"] - authorization["_captured"], 0)
    amount = amount_of(call, "capture_amount", left)
    closing = call.params.get("close_authorization", True)
    authorizations.hold(call.world, authorization, -(held if closing else min(amount, held)), account)
    details = call.params.get("purchase_details")
    authorizations.book_of(call.world, account, authorization, -amount, details=details)
    authorization["_captured"] += amount
    if closing:
        authorization["status"] = "closed"
    return authorizations.put(call.world, authorization, account, before)


@route("POST", HELPERS + "/{id}/increment")
def increment(call: Call) -> Data:
    """The merchant asks for more; the answer joins the history."""
    account, authorization, before = _open(call)
    _pending(authorization, "increment")
    amount = amount_of(call, "increment_amount")
    if authorizations.ask(call.world, authorization, amount, account):
        authorizations.hold(call.world, authorization, amount, account)
        authorizations.resize(authorization, authorization["amount"] + amount)
    return authorizations.put(call.world, authorization, account, before)


@route("POST", HELPERS + "/{id}/reverse")
def reverse(call: Call) -> Data:
    """The merchant gives the hold back, whole or in part."""
    account, authorization, before = _open(call)
    _pending(authorization, "reverse")
    held = authorization["_held"]
    amount = amount_of(call, "reverse_amount", held, least=1 if held else 0)
    if amount > held:
        raise invalid(f"You cannot reverse more than the {held} that this authorization holds.", param="reverse_amount")
    authorizations.hold(call.world, authorization, -amount, account)
    authorizations.resize(authorization, authorization["amount"] - amount)
    if not authorization["_held"]:
        authorization["status"] = "reversed"
    return authorizations.put(call.world, authorization, account, before)


@route("POST", HELPERS + "/{id}/expire")
def expire(call: Call) -> Data:
    """The hold runs out now; a late capture stays possible."""
    account, authorization, before = _open(call)
    _pending(authorization, "expire")
    return _expire(call.world, authorization, account, before)


def _expire(world: World, authorization: Data, account: str, before: Data) -> Data:
    authorizations.hold(world, authorization, -authorization["_held"], account)
    authorization["status"] = "expired"
    return authorizations.put(world, authorization, account, before)


@task("authorization.expire")
def run_out(world: World, payload: Data) -> None:
    """Nobody captured it in time."""
    account = payload["account"]
    authorization = world.store.get(AUTHORIZATION, payload["id"], account)
    if authorization and authorization["status"] == "pending":
        _expire(world, authorization, account, public(show_authorization(world.store, authorization, account)))


# Reading them


@route("GET", "/v1/issuing/authorizations")
def list_all(call: Call) -> Data:
    """Authorizations, newest first, by card, cardholder, created and status."""
    account = owner(call)
    asked = {name: call.params[name] for name in ("card", "cardholder", "status") if name in call.params}
    page = listing(call, AUTHORIZATION, url="/v1/issuing/authorizations", account=account, **asked)
    page["data"] = [show_authorization(call.store, each, account) for each in page["data"]]
    return page


@route("GET", "/v1/issuing/authorizations/{id}")
def retrieve(call: Call) -> Data:
    """One authorization of the acting account."""
    account = owner(call)
    return show_authorization(call.store, fetch(call, AUTHORIZATION, call.ids["id"]), account)


@route("POST", "/v1/issuing/authorizations/{id}")
def update(call: Call) -> Data:
    """Metadata only."""
    account, authorization, before = _open(call)
    authorization["metadata"] = merge_metadata(authorization["metadata"], call.params.get("metadata"))
    return authorizations.put(call.world, authorization, account, before)

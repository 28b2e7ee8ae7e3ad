"""Authorizations and their test helpers (docs.stripe.com/api/issuing/authorizations)."""

from typing import Any

from sandbox import purchases
from sandbox.issuing import check_currency, fetch, owner, show_authorization
from sandbox.noun import Call, Data, World, invalid, listing, merge_metadata, new_id, public, route, setting, task
from sandbox.purchases import AUTHORIZATION

HELPERS = "/v1/test_helpers/issuing/authorizations"
LIFE = 7 * 24 * 3600  # seconds after which a hold nobody captured expires
PRESENT = ("chip", "contactless", "swipe")
setting("authorization_life", LIFE)
CHECKS = {
    "address_line1_check": "not_provided",
    "address_postal_code_check": "not_provided",
    "authentication_exemption": None,
    "cvc_check": "not_provided",
    "expiry_check": "match",
    "postal_code": None,
    "three_d_secure": None,
}
NO_FLEET = {
    "cardholder_prompt_data": None,
    "purchase_type": None,
    "reported_breakdown": None,
    "service_type": None,
}


@route("POST", HELPERS)
def create(call: Call) -> Data:
    """A purchase is tried. A decline is no error: `approved` says no and `request_history` says why."""
    account, params = owner(call), call.params
    card = fetch(call, "issuing.card", params["card"], "card")
    check_currency(call, account)
    amount = _positive(params.get("amount", params.get("merchant_amount", 0)), "amount")
    authorization = _new(call, card)
    approved, reason = purchases.ask(call.world, authorization, amount, account)
    purchases.note(call.world, authorization, amount, approved=approved, reason=reason)
    authorization.update(amount=amount, merchant_amount=amount, approved=approved)
    authorization["status"] = "pending" if approved else "closed"
    if approved:
        purchases.hold(call.world, authorization, amount, account)
        life = call.world.settings["authorization_life"]
        call.world.later(life, "authorization.expire", {"id": authorization["id"], "account": account})
    return purchases.store(call.world, authorization, account, None)


def _new(call: Call, card: Data) -> Data:
    params: dict[str, Any] = call.params
    method = params.get("authorization_method", "online")
    return {
        "id": new_id("iauth"),
        "object": AUTHORIZATION,
        "amount": 0,
        "amount_details": {"atm_fee": None, "cashback_amount": None, **(params.get("amount_details") or {})},
        "approved": False,
        "authorization_method": method,
        "balance_transactions": [],
        "card": card["id"],
        "card_presence": "present" if method in PRESENT else "not_present",
        "cardholder": card["cardholder"],
        "created": call.world.now,
        "currency": card["currency"],
        "fleet": None,
        "fraud_challenges": None,
        "fuel": None,
        "livemode": False,
        "merchant_amount": 0,
        "merchant_currency": params.get("merchant_currency", card["currency"]).lower(),
        "merchant_data": purchases.merchant(params.get("merchant_data")),
        "metadata": {},
        "network_data": {
            "acquiring_institution_id": (params.get("network_data") or {}).get("acquiring_institution_id"),
            "system_trace_audit_number": None,
            "transaction_id": None,
        },
        "pending_request": None,
        "request_history": [],
        "status": "pending",
        "token": None,
        "transactions": [],
        "verification_data": {**CHECKS, **(params.get("verification_data") or {})},
        "verified_by_fraud_challenge": None,
        "wallet": params.get("wallet"),
        "_card": card["id"],
        "_held": 0,
        "_captured": 0,
        "_balance_transactions": [],
        "_transactions": [],
    }


def _positive(amount: int, param: str) -> int:
    if amount < 0:
        raise invalid("This value must be greater than or equal to 0.", "parameter_invalid_integer", param)
    return amount


def _open(call: Call) -> tuple[str, Data, Data]:
    """The acting account, the authorization, and how it looked before."""
    account = owner(call)
    authorization = fetch(call, AUTHORIZATION, call.ids["id"])
    return account, authorization, public(show_authorization(call.store, authorization, account))


@route("POST", HELPERS + "/{id}/capture")
def capture(call: Call) -> Data:
    """The merchant takes the money: more, less, or in several parts; always, whatever the card is by now."""
    account, authorization, before = _open(call)
    if not authorization["approved"]:
        raise invalid("A declined authorization cannot be captured.")
    amount = _positive(call.params.get("capture_amount", authorization["_held"]), "capture_amount")
    if not amount:
        raise invalid("There is nothing left to capture.", param="capture_amount")
    closing = call.params.get("close_authorization", True)
    purchases.hold(
        call.world,
        authorization,
        -(authorization["_held"] if closing else min(amount, authorization["_held"])),
        account,
    )
    card = fetch(call, "issuing.card", authorization["_card"])
    made = purchases.transaction(
        call.world,
        card,
        -amount,
        account,
        kind="capture",
        of=authorization,
        merchant_data=authorization["merchant_data"],
        details=call.params.get("purchase_details") or {},
    )
    authorization["_captured"] += amount
    authorization["_transactions"].append(made["id"])
    if closing:
        authorization["status"] = "closed"
    return purchases.store(call.world, authorization, account, before)


@route("POST", HELPERS + "/{id}/increment")
def increment(call: Call) -> Data:
    """The merchant asks for more; the answer joins the history."""
    account, authorization, before = _open(call)
    _pending(authorization, "increment")
    amount = _positive(call.params["increment_amount"], "increment_amount")
    approved, reason = purchases.ask(call.world, authorization, amount, account)
    purchases.note(call.world, authorization, amount, approved=approved, reason=reason)
    if approved:
        purchases.hold(call.world, authorization, amount, account)
        authorization["amount"] += amount
        authorization["merchant_amount"] += amount
    return purchases.store(call.world, authorization, account, before)


@route("POST", HELPERS + "/{id}/reverse")
def reverse(call: Call) -> Data:
    """The merchant gives the hold back, whole or in part."""
    account, authorization, before = _open(call)
    _pending(authorization, "reverse")
    amount = _positive(call.params.get("reverse_amount", authorization["_held"]), "reverse_amount")
    if amount > authorization["_held"]:
        raise invalid("You cannot reverse more than is held.", param="reverse_amount")
    purchases.hold(call.world, authorization, -amount, account)
    authorization["amount"] -= amount
    authorization["merchant_amount"] -= amount
    if not authorization["_held"]:
        authorization["status"] = "reversed"
    return purchases.store(call.world, authorization, account, before)


@route("POST", HELPERS + "/{id}/expire")
def expire(call: Call) -> Data:
    """The hold runs out now; a late capture stays possible."""
    account, authorization, before = _open(call)
    _pending(authorization, "expire")
    return _expire(call.world, authorization, account, before)


def _expire(world: World, authorization: Data, account: str, before: Data) -> Data:
    purchases.hold(world, authorization, -authorization["_held"], account)
    authorization["status"] = "expired"
    return purchases.store(world, authorization, account, before)


@task("authorization.expire")
def run_out(world: World, payload: Data) -> None:
    """Nobody captured it in time."""
    account = payload["account"]
    authorization = world.store.get(AUTHORIZATION, payload["id"], account)
    if authorization and authorization["status"] == "pending":
        _expire(world, authorization, account, public(show_authorization(world.store, authorization, account)))


def _pending(authorization: Data, what: str) -> None:
    if authorization["status"] != "pending":
        raise invalid(f"You cannot {what} an authorization with status `{authorization['status']}`.")


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
    return show_authorization(call.store, _open(call)[1], owner(call))


@route("POST", "/v1/issuing/authorizations/{id}")
def update(call: Call) -> Data:
    """Metadata only."""
    account, authorization, before = _open(call)
    authorization["metadata"] = merge_metadata(authorization["metadata"], call.params.get("metadata"))
    return purchases.store(call.world, authorization, account, before)

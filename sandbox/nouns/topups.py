"""Top-ups (docs.stripe.com/api/topups): the US way to fund an Issuing balance. Settles after `topup_delay` seconds."""

from collections.abc import Callable

from sandbox.world import ledger
from sandbox.world.errors import invalid, missing
from sandbox.world.issuing import amount_of, currency_of, fetch, issuing_status
from sandbox.world.noun import Call, listing, merge_metadata, route, setting, task
from sandbox.world.store import Data
from sandbox.world.world import World, new_id

setting("topup_delay", 2)  # seconds; Stripe says up to 5 business days
# Stripe's test sources: what becomes of a top-up from them, as (failure_code, failure_message).
SOURCES: dict[str, tuple[str, str] | None] = {
    "btok_us_verified": None,
    "btok_us_verified_accountClosed": ("account_closed", "The bank account has been closed."),
    "btok_us_verified_debitNotAuthorized": ("debit_not_authorized", "The debit was not authorized."),
    "btok_us_verified_insufficientFunds": ("insufficient_funds", "The bank account has too little money."),
    "btok_us_verified_noAccount": ("no_account", "The bank account could not be found."),
}


@route("POST", "/v1/topups")
def create(call: Call) -> Data:
    """Begin to pull money in; `destination_balance=issuing` credits what cards can spend."""
    _check(call)
    topup, delay = _new(call), call.world.settings["topup_delay"]
    _expect(call.world, topup, call.account, topup["amount"])
    call.store.put("topup", topup, call.account)
    call.world.emit("topup.created", topup, account=call.account)
    call.world.later(delay, "topup.settle", {"id": topup["id"], "account": call.account})
    return topup


def _check(call: Call) -> None:
    params, account = call.params, call.account
    amount_of(call, "amount")
    own = currency_of(call.store, account)
    if params["currency"].lower() != own:
        words = f"This account tops up in {own}; `{params['currency']}` is not supported."
        raise invalid(words, param="currency")
    if len(params.get("statement_descriptor") or "") > 15:
        raise invalid("The statement descriptor must be at most 15 characters.", param="statement_descriptor")
    to_issuing = params.get("destination_balance") == "issuing"
    if to_issuing and not (account and issuing_status(call.store, account)):
        raise invalid("This account has no Issuing balance.", param="destination_balance")
    source = params.get("source")
    if source and source not in SOURCES and call.store.get("bank_account", source, account) is None:
        raise missing("source", source, "source")
    if params.get("payment_method"):
        raise missing("PaymentMethod", params["payment_method"], "payment_method")


def _new(call: Call) -> Data:
    params = call.params
    return {
        "id": new_id("tu"),
        "object": "topup",
        "amount": params["amount"],
        "balance_transaction": None,
        "created": call.world.now,
        "currency": params["currency"].lower(),
        "description": params.get("description") or None,
        "expected_availability_date": call.world.now + int(call.world.settings["topup_delay"]),
        "failure_code": None,
        "failure_message": None,
        "initiated_by": "user",
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "source": None,
        "statement_descriptor": params.get("statement_descriptor") or None,
        "status": "pending",
        "transfer_group": params.get("transfer_group") or None,
        "_to": "issuing" if params.get("destination_balance") == "issuing" else "payments",
        "_source": params.get("source"),
    }


def _expect(world: World, topup: Data, account: str | None, amount: int) -> None:
    """Count what is on its way; an Issuing balance has no `pending`."""
    if topup["_to"] == "payments":
        ledger.add(world, account, "pending", amount, topup["currency"])


@task("topup.settle")
def settle(world: World, payload: Data) -> None:
    """The bank answered: the money is there, or the reason why not."""
    account = payload["account"]
    topup = world.store.get("topup", payload["id"], account)
    if topup is None or topup["status"] != "pending":
        return
    if failure := SOURCES.get(topup["_source"] or ""):
        topup["failure_code"], topup["failure_message"] = failure
        _end(world, topup, account, "failed")
        return
    moved = ledger.move(world, account, "topup", topup["amount"], topup["currency"], topup["id"], of=topup["_to"])
    topup["balance_transaction"] = moved["id"]
    _end(world, topup, account, "succeeded")


def _end(world: World, topup: Data, account: str | None, status: str) -> None:
    _expect(world, topup, account, -topup["amount"])
    topup["status"] = status
    world.store.put("topup", topup, account)
    world.emit(f"topup.{status}", topup, account=account)


@route("GET", "/v1/topups")
def list_all(call: Call) -> Data:
    """Top-ups, newest first, by amount, created and status."""
    asked = {"status": call.params["status"]} if "status" in call.params else {}
    return listing(call, "topup", url="/v1/topups", account=call.account, match=_amount_matcher(call), **asked)


def _amount_matcher(call: Call) -> Callable[[Data], bool]:
    wanted = call.params.get("amount", {})
    bounds = {"gte": wanted, "lte": wanted} if isinstance(wanted, int) else wanted
    tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    return lambda topup: all(tests[name](topup["amount"], value) for name, value in bounds.items())


@route("GET", "/v1/topups/{id}")
def retrieve(call: Call) -> Data:
    """One top-up."""
    return fetch(call, "topup", call.ids["id"])


@route("POST", "/v1/topups/{id}")
def update(call: Call) -> Data:
    """Description and metadata. Stripe has no event for it."""
    topup = fetch(call, "topup", call.ids["id"])
    if "description" in call.params:
        topup["description"] = call.params["description"] or None
    topup["metadata"] = merge_metadata(topup["metadata"], call.params.get("metadata"))
    call.store.put("topup", topup, call.account)
    return topup


@route("POST", "/v1/topups/{id}/cancel")
def cancel(call: Call) -> Data:
    """Only what is still pending can be canceled."""
    topup = fetch(call, "topup", call.ids["id"])
    if topup["status"] != "pending":
        raise invalid(f"You cannot cancel a top-up with status `{topup['status']}`.")
    _end(call.world, topup, call.account, "canceled")
    return topup

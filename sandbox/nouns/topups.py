"""Top-ups (docs.stripe.com/api/topups): the US way to fund an Issuing balance. Settles after `topup_delay` seconds."""

from sandbox import ledger
from sandbox.issuing import currency_of, fetch, issuing_status
from sandbox.noun import Call, Data, World, diff, invalid, listing, merge_metadata, new_id, public, route, setting, task

setting("topup_delay", 2)  # seconds; Stripe says up to 5 business days
FAILING = {
    "btok_us_verified_insufficientFunds": ("insufficient_funds", "The bank account has too little money."),
    "btok_us_verified_noAccount": ("no_account", "The bank account could not be found."),
    "btok_us_verified_accountClosed": ("account_closed", "The bank account has been closed."),
    "btok_us_verified_debitNotAuthorized": ("debit_not_authorized", "The debit was not authorized."),
}


@route("POST", "/v1/topups")
def create(call: Call) -> Data:
    """Begin to pull money in; `destination_balance=issuing` credits what cards can spend."""
    params, account = call.params, call.account
    currency = params["currency"].lower()
    if params["amount"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "parameter_invalid_integer", "amount")
    if len(params.get("statement_descriptor") or "") > 15:
        raise invalid("The statement descriptor must be at most 15 characters.", param="statement_descriptor")
    to_issuing = params.get("destination_balance") == "issuing"
    if to_issuing and not (account and issuing_status(call.store, account)):
        raise invalid("This account has no Issuing balance.", param="destination_balance")
    if account and currency != currency_of(call.store, account):
        raise invalid(f"Top-ups of this account cannot be in {currency}.", param="currency")
    topup = {
        "id": new_id("tu"),
        "object": "topup",
        "amount": params["amount"],
        "balance_transaction": None,
        "created": call.world.now,
        "currency": currency,
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
        "_to": "issuing" if to_issuing else "payments",
        "_source": params.get("source"),
    }
    ledger.wait_for(call.world, account, topup["amount"], currency)
    call.store.put("topup", topup, account)
    call.world.emit("topup.created", topup, account=account)
    call.world.later(call.world.settings["topup_delay"], "topup.settle", {"id": topup["id"], "account": account})
    return topup


@task("topup.settle")
def settle(world: World, payload: Data) -> None:
    """The bank answered: the money is there, or the reason why not."""
    account = payload["account"]
    topup = world.store.get("topup", payload["id"], account)
    if topup is None or topup["status"] != "pending":
        return
    failure = FAILING.get(topup["_source"] or "")
    if failure:
        topup["failure_code"], topup["failure_message"] = failure
        _end(world, topup, account, "failed")
        return
    moved = ledger.move(world, account, "topup", topup["amount"], topup["currency"], topup["id"], of=topup["_to"])
    topup["balance_transaction"] = moved["id"]
    _end(world, topup, account, "succeeded")


def _end(world: World, topup: Data, account: str | None, status: str) -> None:
    ledger.wait_for(world, account, -topup["amount"], topup["currency"])
    topup["status"] = status
    world.store.put("topup", topup, account)
    world.emit(f"topup.{status}", topup, account=account)


@route("GET", "/v1/topups")
def list_all(call: Call) -> Data:
    """Top-ups, newest first."""
    asked = {"status": call.params["status"]} if "status" in call.params else {}
    return listing(call, "topup", url="/v1/topups", account=call.account, match=_amount_matcher(call), **asked)


def _amount_matcher(call: Call):  # noqa: ANN202
    wanted = call.params.get("amount")
    if wanted is None:
        return None
    bounds = {"gte": wanted, "lte": wanted} if isinstance(wanted, int) else wanted
    tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    return lambda topup: all(tests[name](topup["amount"], value) for name, value in bounds.items())


@route("GET", "/v1/topups/{id}")
def retrieve(call: Call) -> Data:
    """One top-up."""
    return fetch(call, "topup", call.ids["id"])


@route("POST", "/v1/topups/{id}")
def update(call: Call) -> Data:
    """Description and metadata."""
    topup = fetch(call, "topup", call.ids["id"])
    before = public(topup)
    if "description" in call.params:
        topup["description"] = call.params["description"] or None
    topup["metadata"] = merge_metadata(topup["metadata"], call.params.get("metadata"))
    if diff(before, public(topup)):
        call.store.put("topup", topup, call.account)
    return topup


@route("POST", "/v1/topups/{id}/cancel")
def cancel(call: Call) -> Data:
    """Only what is still pending can be canceled."""
    topup = fetch(call, "topup", call.ids["id"])
    if topup["status"] != "pending":
        raise invalid(f"A top-up that is {topup['status']} cannot be canceled.")
    _end(call.world, topup, call.account, "canceled")
    return topup

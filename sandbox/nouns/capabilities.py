"""Capabilities of an account: list, retrieve, request, unrequest (docs.stripe.com/api/capabilities)."""

from sandbox.rules.tables import REQUESTABLE
from sandbox.world.account_record import AccountRecord
from sandbox.world.errors import invalid, missing, no_access
from sandbox.world.noun import Call, route, setting
from sandbox.world.store import Data

setting("issuing_onboarded", True)  # whether the platform itself is set up for Issuing


def open_account(call: Call, id_name: str) -> AccountRecord:
    """The record that the path names; 403 `account_invalid` for an unknown account and, acting as one, any other."""
    account_id = call.ids[id_name]
    account = call.store.get("account", account_id) if call.account in (None, account_id) else None
    if account is None:
        raise no_access(call.api_key, account_id)
    return AccountRecord(call.world, account)


@route("GET", "/v1/accounts/{id}/capabilities")
def list_all(call: Call) -> Data:
    """All capabilities that were ever requested."""
    record = open_account(call, "id")
    stored = call.store.each("capability", record.id)
    url = f"/v1/accounts/{record.id}/capabilities"
    return {"object": "list", "data": sorted(stored, key=lambda item: item["id"]), "has_more": False, "url": url}


@route("GET", "/v1/accounts/{accountId}/capabilities/{id}")
def retrieve(call: Call) -> Data:
    """One capability; one that is not requested previews what it would ask."""
    record, name = open_account(call, "accountId"), call.ids["id"]
    if name in record.account["_requested"]:
        return call.store.get("capability", name, record.id) or {}
    _offered(record, name)
    return record.capability(name, None, None, call.world.now)


@route("POST", "/v1/accounts/{accountId}/capabilities/{id}")
def update(call: Call) -> Data:
    """Request it, or take the request back."""
    record, name = open_account(call, "accountId"), call.ids["id"]
    _offered(record, name)
    if "requested" in call.params:
        request_capabilities(record, {name: {"requested": call.params["requested"]}}, inside="")
        record.settle()
    return call.store.get("capability", name, record.id) or record.capability(name, None, None, call.world.now)


def request_capabilities(record: AccountRecord, wanted: Data, inside: str = "capabilities") -> None:
    """Carry out a `capabilities` hash: `{"card_issuing": {"requested": True}}`. Raises what Stripe refuses."""
    for name, given in wanted.items():
        requested = record.account["_requested"]
        if not given.get("requested", name in requested):
            requested.pop(name, None)
        elif name not in requested:
            _check(record, name, f"{inside}[{name}][requested]" if inside else "requested")
            requested[name] = record.world.now


def _check(record: AccountRecord, name: str, param: str) -> None:
    _offered(record, name, param)
    if name != "card_issuing":
        return
    if not record.world.settings["issuing_onboarded"]:
        raise invalid(
            "Your platform must be onboarded on Issuing before `card_issuing` can be requested for connected accounts."
            " Visit https://dashboard.stripe.com/issuing/overview to get started.",
            "capability_not_enabled",
            param,
        )
    if not is_custom(record.account):
        raise invalid(
            "The `card_issuing` capability cannot be requested for this account. Issuing is only available to accounts"
            " without access to a Stripe Dashboard whose requirements are collected by your platform.",
            "capability_not_enabled",
            param,
        )


def is_custom(account: Data) -> bool:
    """Whether the account is of the one kind that can issue cards; judged by `controller`, never by `type`."""
    controller = account["controller"]
    return (
        controller.get("requirement_collection") == "application"
        and controller.get("losses", {}).get("payments") == "application"
        and controller.get("stripe_dashboard", {}).get("type") == "none"
        and str(controller.get("fees", {}).get("payer")).startswith("application")
    )


def _offered(record: AccountRecord, name: str, param: str = "id") -> None:
    if param == "id" and name not in REQUESTABLE:
        raise missing("capability", name)
    if record.table(name) is None:
        country = record.account["country"]
        raise invalid(
            f"The capability '{name}' is not available in {country} (the sandbox has no table for it).", None, param
        )

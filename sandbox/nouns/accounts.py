"""Connected accounts: create, retrieve, update, list, delete, reject, unreject (docs.stripe.com/api/accounts)."""

from typing import Any

from sandbox.nouns.capabilities import open_account, request_capabilities
from sandbox.nouns.external_accounts import replace_default
from sandbox.rules.places import COUNTRIES
from sandbox.rules.tables import countries, table
from sandbox.world import account_values, shapes
from sandbox.world.account_record import AccountRecord, remember
from sandbox.world.errors import StripeError, invalid
from sandbox.world.noun import Call, expands, listing, route, setting
from sandbox.world.store import Data
from sandbox.world.world import World, new_id

setting("verification_delay", 2)  # seconds until Stripe knows what it has to look at
setting("application_window", 3600)  # seconds for Issuing to decide: one hour in test mode, 29 days in live
setting("future_requirements_in", 30 * 86400)
setting("future_requirements_grace", 14 * 86400)

CUSTOM = {
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "application",
    "stripe_dashboard": {"type": "none"},
}
DEFAULTS = {
    "fees": {"payer": "account"},
    "losses": {"payments": "stripe"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "full"},
}
# What the deprecated `type` reads back as.
KINDS: dict[str, Data] = {
    "custom": {**CUSTOM, "fees": {"payer": "application_custom"}, "is_controller": True, "type": "application"},
    "express": {
        "fees": {"payer": "application_express"},
        "is_controller": True,
        "losses": {"payments": "application"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "express"},
        "type": "application",
    },
    "standard": {"type": "account"},
}
FUTURE_ON_DEMAND = "enforce_future_requirements"


@route("POST", "/v1/accounts")
def create(call: Call) -> Data:
    """A new connected account. There is no `account.created`: it shows up as `account.updated`."""
    _as_platform(call)
    country = _country(call.params.get("country", "US"))
    account = shapes.new_account(new_id("acct", 16), country, call.world.now)
    account |= _kind(call.params)
    record = AccountRecord(call.world, remember(account), is_new=True)
    _put(record, call.params)
    if FUTURE_ON_DEMAND in (record.account["email"] or "").partition("@")[0]:
        wait = record.world.settings["future_requirements_in"]
        record.account["_future"] = {"deadline": record.world.now + wait}
        record.world.later(wait, "account.future_requirements_begin", {"account": record.id})
    return record.settle()


def _as_platform(call: Call) -> None:
    if call.account is not None:
        raise StripeError(
            403,
            "You cannot manage connected accounts while acting as a connected account: leave out Stripe-Account.",
            code="account_invalid",
        )


def _country(country: str) -> str:
    if country not in COUNTRIES:
        raise invalid(f"Country '{country}' is unknown.", "country_unsupported", "country")
    if country not in countries():
        known = " and ".join(sorted(countries(), reverse=True))
        raise invalid(f"The sandbox knows {known}, and not {country}.", "country_unsupported", "country")
    return country


def _kind(params: Data) -> Data:
    """`type` and `controller` of the new account, from one of the two parameters."""
    if "type" in params and "controller" in params:
        raise invalid("You may only specify one of these parameters: type, controller.", param="type")
    if "type" in params:
        return {"type": params["type"], "controller": dict(KINDS[params["type"]])}
    controller = {**DEFAULTS, **params.get("controller", {})}
    _check_controller(controller)
    return {"type": "none", "controller": {**controller, "is_controller": True, "type": "application"}}


def _check_controller(controller: Data) -> None:
    """Only these combinations exist (docs.stripe.com/connect/migrate-to-controller-properties)."""
    dashboard = controller["stripe_dashboard"]["type"]
    collects = controller["requirement_collection"] == "application"
    liable = controller["losses"]["payments"] == "application"
    if collects and (dashboard != "none" or not liable):
        raise invalid(
            "When `controller[requirement_collection]=application`, `controller[stripe_dashboard][type]` must be `none`"
            " and `controller[losses][payments]` must be `application`.",
            param="controller[requirement_collection]",
        )
    if dashboard == "express" and not liable:
        raise invalid(
            "When `controller[stripe_dashboard][type]=express`, `controller[losses][payments]` must be `application`.",
            param="controller[losses][payments]",
        )


def _put(record: AccountRecord, params: Data) -> None:
    account_values.check(record, {name: value for name, value in params.items() if name != "external_account"})
    account_values.check_terms(record, params)
    if "account_token" in params:  # tokens are made in a browser
        raise invalid(f"No such token: '{params['account_token']}'", "resource_missing", "account_token")
    if "paypay_payments" in params.get("settings", {}):  # Japan's
        words = f"PayPay payments are not available in {record.account['country']}."
        raise invalid(words, param="settings[paypay_payments]")
    account_values.put_account(record, params)
    _check_table(record)
    if "external_account" in params:
        replace_default(record, params["external_account"])
    request_capabilities(record, params.get("capabilities", {}))


def _check_table(record: AccountRecord) -> None:
    """A business type for which a requested capability is not offered."""
    own = record.account
    for name in own["_requested"]:
        if table(own["country"], own["business_type"], name) is None:
            raise invalid(
                f"The sandbox has no table of {name} for {own['business_type']} accounts in {own['country']}.",
                param="business_type",
            )


@route("GET", "/v1/accounts/{id}")
def retrieve(call: Call) -> Data:
    """A connected account, or the platform's own."""
    if call.ids["id"] == call.world.platform and call.account is None:
        return platform_account(call.world)
    return open_account(call, "id").account


@route("POST", "/v1/accounts/{id}")
def update(call: Call) -> Data:
    """Change what was given; verification starts again where the change needs it."""
    record = open_account(call, "id")
    _put(record, call.params)
    return record.settle()


@route("GET", "/v1/accounts")
def list_all(call: Call) -> Data:
    """The connected accounts of who asks, newest first; a connected account has none."""
    return listing(call, "account", url="/v1/accounts", account=call.account)


@route("DELETE", "/v1/accounts/{id}")
def delete(call: Call) -> Data:
    """Test-mode accounts may be deleted any time. What belongs to the account goes with it."""
    _as_platform(call)
    record = open_account(call, "id")
    call.store.delete("account", record.id)
    for kind in ("person", "bank_account", "capability"):
        for data in call.store.each(kind, record.id):
            call.store.delete(kind, data["id"], record.id)
    return {"id": record.id, "object": "account", "deleted": True}


REJECTIONS = {
    "fraud_no_intent_to_fulfill": "rejected.platform_fraud",
    "fraud_other": "rejected.platform_fraud",
    "fraud_payment_method_casher": "rejected.platform_fraud",
    "fraud_payment_method_tester": "rejected.platform_fraud",
    "terms_of_service": "rejected.platform_terms_of_service",
}


@route("POST", "/v1/accounts/{id}/reject")
def reject(call: Call) -> Data:
    """The platform, where it carries the losses, turns the account away."""
    record = _rejectable(call)
    record.account["_rejected"] = REJECTIONS.get(call.params["reason"], "rejected.platform_other")
    return record.settle()


@route("POST", "/v1/accounts/{id}/unreject")
def unreject(call: Call) -> Data:
    """Take the platform's own rejection back; other blocks stay."""
    record = _rejectable(call)
    if record.account["_rejected"] is None:
        raise invalid("This account has not been rejected by your platform.")
    record.account["_rejected"] = None
    return record.settle()


def _rejectable(call: Call) -> AccountRecord:
    _as_platform(call)
    record = open_account(call, "id")
    if record.account["controller"].get("losses", {}).get("payments") != "application":
        raise invalid("You can only reject accounts for which your platform is liable for losses.")
    return record


@expands("account")
def expand(call: Call, account_id: str) -> Data | None:
    """An account named by another object, such as a capability."""
    return call.store.get("account", account_id)


def platform_account(world: World) -> Data:
    """The platform's own account: it does all, and owes nothing."""
    account: dict[str, Any] = shapes.new_account(world.platform, "US", world.store.meta("began", world.now))
    for hidden in ("company", "requirements", "future_requirements", "groups"):
        account.pop(hidden)
    active = {"card_payments": "active", "transfers": "active"}
    return {
        **account,
        "business_profile": {**account["business_profile"], "name": "Sandbox Platform"},
        "business_type": "company",
        "capabilities": active,
        "charges_enabled": True,
        "controller": {"type": "account"},
        "details_submitted": True,
        "email": "platform@example.com",
        "payouts_enabled": True,
        "type": "standard",
    }

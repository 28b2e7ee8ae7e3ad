"""Cards (docs.stripe.com/api/issuing/cards). No number, CVC or PIN is ever made, only a last four."""

import secrets
from datetime import UTC, datetime

from sandbox.issuing import (
    NO_ADDRESS,
    active_owner,
    check_currency,
    controls,
    currency_of,
    fetch,
    owner,
    show_card,
)
from sandbox.noun import Call, Data, diff, invalid, listing, merge_metadata, new_id, public, route

KIND = "issuing.card"
OUTSTANDING = "This cardholder has outstanding requirements preventing them from activating an issued card."
YEARS = 4  # a card is good for so long


@route("POST", "/v1/issuing/cards")
def create(call: Call) -> Data:
    """Create a card, inactive unless `status` says otherwise."""
    account, params = active_owner(call), call.params
    currency = check_currency(call, account)
    if not params.get("cardholder"):
        raise invalid("Missing required param: cardholder.", "parameter_missing", "cardholder")
    cardholder = fetch(call, "issuing.cardholder", params["cardholder"], "cardholder")
    _check_form(params)
    if params.get("status") == "active":
        _check_active(cardholder)
    month, year = _expiry(call)
    card = {
        "id": new_id("ic"),
        "object": KIND,
        "brand": "Visa",
        "cancellation_reason": None,
        "cardholder": cardholder["id"],
        "created": call.world.now,
        "currency": currency,
        "exp_month": month,
        "exp_year": year,
        "last4": f"{secrets.randbelow(10_000):04d}",
        "latest_fraud_warning": None,
        "lifecycle_controls": params.get("lifecycle_controls") or None,
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "personalization_design": None,
        "replaced_by": None,
        "replacement_for": None,
        "replacement_reason": None,
        "second_line": params.get("second_line") or None,
        "shipping": _shipping(params),
        "spending_controls": controls(None, params.get("spending_controls"), of_cardholder=False, currency=currency),
        "status": params.get("status", "inactive"),
        "type": params["type"],
        "wallets": {
            "apple_pay": {"eligible": True, "ineligible_reason": None},
            "google_pay": {"eligible": True, "ineligible_reason": None},
            "primary_account_identifier": None,
        },
    }
    call.store.put(KIND, card, account)
    shown = show_card(call.store, card, account)
    call.world.emit("issuing_card.created", shown, account=account)
    return shown


def _check_form(params: Data) -> None:
    if params["type"] == "physical" and not params.get("shipping"):
        raise invalid("Missing required param: shipping.", "parameter_missing", "shipping")
    if params["type"] == "virtual" and params.get("shipping"):
        raise invalid("`shipping` can only be given for physical cards.", param="shipping")
    for name in ("replacement_for", "personalization_design", "financial_account"):
        if params.get(name):
            raise invalid(f"No such object: '{params[name]}'", "resource_missing", name)
    if len(params.get("second_line") or "") > 24:
        raise invalid("`second_line` must be at most 24 characters.", param="second_line")


def _expiry(call: Call) -> tuple[int, int]:
    today = datetime.fromtimestamp(call.world.now, UTC)
    month, year = call.params.get("exp_month", today.month), call.params.get("exp_year", today.year + YEARS)
    if not 1 <= month <= 12:
        raise invalid("`exp_month` must be from 1 to 12.", param="exp_month")
    if (year, month) < (today.year, today.month):
        raise invalid("The card would have expired already.", param="exp_year")
    return month, year


def _shipping(params: Data) -> Data | None:
    given = params.get("shipping")
    if not given:
        return None
    empty = dict.fromkeys(
        (
            "business_name",
            "carrier",
            "customs",
            "eta",
            "phone_number",
            "require_signature",
            "tracking_number",
            "tracking_url",
        )
    )
    address = {**NO_ADDRESS, **given["address"]}
    checked = {"mode": "normalization_only", "normalized_address": address, "result": "likely_deliverable"}
    return {
        **empty,
        "address": address,
        "address_validation": {**checked, **(given.get("address_validation") or {})},
        "name": given["name"],
        "service": given.get("service", "standard"),
        "status": "pending",
        "type": given.get("type", "individual"),
        **{name: given[name] for name in ("business_name", "phone_number", "require_signature") if given.get(name)},
    }


def _check_active(cardholder: Data) -> None:
    if cardholder["requirements"]["past_due"]:
        raise invalid(OUTSTANDING)
    if cardholder["status"] == "blocked":
        raise invalid("This cardholder has been blocked.")


@route("POST", "/v1/issuing/cards/{id}")
def update(call: Call) -> Data:
    """Activate, deactivate, cancel for good, or change controls and metadata."""
    account, params = owner(call), call.params
    card = fetch(call, KIND, call.ids["id"])
    before = public(show_card(call.store, card, account))
    _change_status(call, card)
    card["spending_controls"] = controls(
        card["spending_controls"],
        params.get("spending_controls"),
        of_cardholder=False,
        currency=currency_of(call.store, account),
    )
    card["metadata"] = merge_metadata(card["metadata"], params.get("metadata"))
    call.store.put(KIND, card, account)
    shown = show_card(call.store, card, account)
    previous = diff(before, public(shown))
    if previous:
        call.world.emit("issuing_card.updated", shown, account=account, previous=previous)
    return shown


def _change_status(call: Call, card: Data) -> None:
    status, reason = call.params.get("status"), call.params.get("cancellation_reason")
    if reason and status != "canceled":
        raise invalid("`cancellation_reason` can only be given when a card is canceled.", param="cancellation_reason")
    if card["status"] == "canceled" and status not in (None, "canceled"):
        raise invalid("This card has been canceled. A canceled card cannot be changed.", param="status")
    if status is None or status == card["status"]:
        return
    if status == "active":
        _check_active(fetch(call, "issuing.cardholder", card["cardholder"]))
    card["status"], card["cancellation_reason"] = status, reason or None


@route("GET", "/v1/issuing/cards")
def list_all(call: Call) -> Data:
    """Cards, newest first, by cardholder, expiry, last4, status and type."""
    account = owner(call)
    names = ("cardholder", "exp_month", "exp_year", "last4", "status", "type", "personalization_design")
    asked = {name: call.params[name] for name in names if name in call.params}
    page = listing(call, KIND, url="/v1/issuing/cards", account=account, **asked)
    page["data"] = [show_card(call.store, card, account) for card in page["data"]]
    return page


@route("GET", "/v1/issuing/cards/{id}")
def retrieve(call: Call) -> Data:
    """One card of the acting account."""
    account = owner(call)
    return show_card(call.store, fetch(call, KIND, call.ids["id"]), account)

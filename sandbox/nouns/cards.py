"""Cards (docs.stripe.com/api/issuing/cards). Number and CVC are worked out when one asks for them; there is no PIN."""

import secrets
from datetime import UTC, datetime

from sandbox.rules.card_numbers import cvc, number
from sandbox.rules.formats import Context, faults
from sandbox.rules.places import EUROPEAN_UNION
from sandbox.world.errors import StripeError, invalid, missing
from sandbox.world.issuing import (
    CARD,
    CARDHOLDER,
    NO_ADDRESS,
    active_owner,
    check_currency,
    controls,
    country_of,
    currency_of,
    fetch,
    issuing_status,
    owner,
    put_card,
    show_card,
)
from sandbox.world.noun import Call, listing, merge_metadata, route
from sandbox.world.store import Data
from sandbox.world.world import new_id

OUTSTANDING = "This cardholder has outstanding requirements preventing them from activating an issued card."
YEARS = 4  # a card is good for so long
LOST = ("lost", "stolen")
EUROPE = EUROPEAN_UNION | {"GB"}
WALLET = {"eligible": True, "ineligible_reason": None}
UNKNOWN = {"financial_account": "financial account", "personalization_design": "personalization design"}
NO_SHIPPING = dict.fromkeys(
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


@route("POST", "/v1/issuing/cards")
def create(call: Call) -> Data:
    """Create a card, inactive unless `status` says otherwise; with `replacement_for` in the place of another."""
    account, params = active_owner(call), call.params
    currency = check_currency(call, account)
    _check_form(params)
    _check_shipping(call)
    old = _replaced(call)
    if not old and "cardholder" not in params:
        raise invalid("Missing required param: cardholder.", "parameter_missing", "cardholder")
    cardholder = fetch(call, CARDHOLDER, params.get("cardholder") or old["cardholder"], "cardholder")
    _check_phone(call, cardholder)
    if old and old["cardholder"] != cardholder["id"]:
        raise invalid("A replacement belongs to the cardholder of the card that it replaces.", param="cardholder")
    card = {**_new(call, currency), "cardholder": cardholder["id"], **_takes_over(call, old)}
    if card["status"] == "active":
        _check_activation(call, cardholder)
    call.store.put(CARD, card, account)
    shown = show_card(call.store, card, account)
    call.world.emit("issuing_card.created", shown, account=account)
    if old:
        put_card(call.world, {**old, "replaced_by": card["id"]}, account)
        _retire_replaced(call, card, account)
    return shown


def _check_phone(call: Call, cardholder: Data) -> None:
    """Cards of Britain and the EU send one-time codes (docs.stripe.com/issuing/3d-secure)."""
    countries = {country_of(call.store, call.account), cardholder["billing"]["address"]["country"]}
    if countries & EUROPE and not cardholder["phone_number"]:
        raise invalid(
            "You must have a phone_number on file for Issuing Cardholders who will be creating EU and UK cards.",
            "cardholder_phone_number_required",
            "cardholder",
        )


def _new(call: Call, currency: str) -> Data:
    params = call.params
    month, year = _expiry(call)
    return {
        "id": new_id("ic"),
        "object": CARD,
        "brand": "Visa",
        "cancellation_reason": None,
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
        "shipping": _shipping(params["shipping"]) if params.get("shipping") else None,
        "spending_controls": controls(None, params.get("spending_controls"), currency=currency),
        "status": params.get("status", "inactive"),
        "type": params["type"],
        "wallets": {"apple_pay": dict(WALLET), "google_pay": dict(WALLET), "primary_account_identifier": None},
    }


def _check_shipping(call: Call) -> None:
    shipping = call.params.get("shipping") or {}
    for fault in faults({"shipping": shipping}, Context(country_of(call.store, call.account), call.world.now)):
        raise invalid(fault.message, fault.code, fault.param)


def _check_form(params: Data) -> None:
    if params["type"] == "physical" and not params.get("shipping") and not params.get("replacement_for"):
        raise invalid("Missing required param: shipping.", "parameter_missing", "shipping")
    if params["type"] == "virtual" and params.get("shipping"):
        raise invalid("You can only set `shipping` on physical cards.", param="shipping")
    if len(params.get("second_line") or "") > 24:
        raise invalid("Invalid string: must be at most 24 characters.", param="second_line")
    counted = (params.get("lifecycle_controls") or {}).get("cancel_after", {}).get("payment_count", 1)
    if counted < 1:
        param = "lifecycle_controls[cancel_after][payment_count]"
        raise invalid("This value must be greater than or equal to 1.", "parameter_invalid_integer", param)
    _check_unknown(params)


def _check_unknown(params: Data) -> None:
    for name, words in UNKNOWN.items():
        if params.get(name):
            raise missing(words, params[name], name)  # the sandbox makes none


def _expiry(call: Call) -> tuple[int, int]:
    today = datetime.fromtimestamp(call.world.now, UTC)
    month, year = call.params.get("exp_month", today.month), call.params.get("exp_year", today.year + YEARS)
    if not 1 <= month <= 12:
        raise _wrong_date("month", "exp_month")
    if (year, month) < (today.year, today.month) or year > today.year + 20:
        raise _wrong_date("year", "exp_year")
    return month, year


def _wrong_date(part: str, param: str) -> StripeError:
    return invalid(f"Your card's expiration {part} is invalid.", f"invalid_expiry_{part}", param)


def _shipping(given: Data) -> Data:
    address = {**NO_ADDRESS, **given["address"]}
    checked = {"mode": "normalization_only", "normalized_address": address, "result": "likely_deliverable"}
    named = ("business_name", "customs", "phone_number", "require_signature")
    shown = {
        **NO_SHIPPING,
        "address": address,
        "address_validation": {**checked, **(given.get("address_validation") or {})},
        "name": given["name"],
        "service": given.get("service", "standard"),
        "status": "pending",
        "type": given.get("type", "individual"),
        **{name: given[name] for name in named if name in given},
    }
    if shown["customs"] is not None:
        shown["customs"] = {"eori_number": None, **shown["customs"]}
    return shown


# Replacing one card by another


def _replaced(call: Call) -> Data:
    """The card that the new one replaces, empty when it replaces none. What may not be replaced so is refused."""
    old_id, reason = call.params.get("replacement_for"), call.params.get("replacement_reason")
    if not old_id:
        if reason:
            raise invalid("Missing required param: replacement_for.", "parameter_missing", "replacement_for")
        return {}
    if not reason:
        raise invalid("Missing required param: replacement_reason.", "parameter_missing", "replacement_reason")
    old = fetch(call, CARD, old_id, "replacement_for")
    if old["replaced_by"]:
        raise invalid(f"This card has already been replaced by '{old['replaced_by']}'.", param="replacement_for")
    if reason in LOST and (old["status"], old["cancellation_reason"]) != ("canceled", reason):
        words = f"Cancel the card with the cancellation_reason `{reason}` before you replace it as {reason}."
        raise invalid(words, param="replacement_for")
    if reason not in LOST and old["status"] == "canceled":
        raise invalid(f"A canceled card cannot be replaced as {reason}.", param="replacement_for")
    return old


def _takes_over(call: Call, old: Data) -> Data:
    """What a replacement has from the card before: its number, unless that was lost, and what its limits count."""
    if not old:
        return {}
    taken: Data = {"replacement_for": old["id"], "replacement_reason": call.params["replacement_reason"]}
    taken["_first"] = old.get("_first", old["id"])
    if taken["replacement_reason"] not in LOST:
        taken |= {"last4": old["last4"], "_number_of": old.get("_number_of", old["id"])}
    if call.params["type"] == "physical" and not call.params.get("shipping") and old["shipping"]:
        taken["shipping"] = {**old["shipping"], **NO_SHIPPING, "status": "pending"}
    return taken


def _retire_replaced(call: Call, card: Data, account: str) -> None:
    """An active replacement cancels the card before it."""
    old = call.store.get(CARD, card["replacement_for"] or "", account)
    if card["status"] == "active" and old and old["status"] != "canceled":
        put_card(call.world, {**old, "status": "canceled"}, account)


# Changing a card


@route("POST", "/v1/issuing/cards/{id}")
def update(call: Call) -> Data:
    """Activate, deactivate, cancel for good, or change controls, shipping and metadata."""
    account, params = owner(call), call.params
    card = fetch(call, CARD, call.ids["id"])
    _check_unknown(params)
    _check_shipping(call)
    _change_status(call, card)
    if card["status"] == "canceled" and "spending_controls" in params:
        raise invalid(
            "You cannot change the spending controls of a card that has been canceled.", param="spending_controls"
        )
    if "shipping" in params:
        if card["shipping"] is None or card["shipping"]["status"] != "pending":
            words = "You can only change `shipping` of a physical card that has not been sent yet."
            raise invalid(words, param="shipping")
        card["shipping"] = _shipping(params["shipping"])
    currency = currency_of(call.store, account)
    card["spending_controls"] = controls(card["spending_controls"], params.get("spending_controls"), currency=currency)
    card["metadata"] = merge_metadata(card["metadata"], params.get("metadata"))
    shown = put_card(call.world, card, account)
    _retire_replaced(call, card, account)
    return shown


def _change_status(call: Call, card: Data) -> None:
    status, reason = call.params.get("status"), call.params.get("cancellation_reason")
    if reason and status != "canceled":
        raise invalid(
            "You can only set `cancellation_reason` when `status` is `canceled`.", param="cancellation_reason"
        )
    if card["status"] == "canceled" and status not in (None, "canceled"):
        raise invalid("You cannot change the status of a card that has been canceled.", param="status")
    if status is None or status == card["status"]:
        return
    if status == "active":
        _check_activation(call, fetch(call, CARDHOLDER, card["cardholder"]))
    card["status"], card["cancellation_reason"] = status, reason or None


def _check_activation(call: Call, cardholder: Data) -> None:
    if issuing_status(call.store, call.account or "") != "active":
        raise invalid("You cannot activate a card while the account's `card_issuing` capability is not active.")
    if cardholder["status"] == "blocked":
        raise invalid("You cannot activate a card of a cardholder that has been blocked.")
    if cardholder["requirements"]["past_due"]:
        raise invalid(OUTSTANDING)


# Reading them


@route("GET", "/v1/issuing/cards")
def list_all(call: Call) -> Data:
    """Cards, newest first, by cardholder, created, expiry, last4, status and type."""
    account = owner(call)
    names = ("cardholder", "exp_month", "exp_year", "last4", "status", "type", "personalization_design")
    asked = {name: call.params[name] for name in names if name in call.params}
    page = listing(call, CARD, url="/v1/issuing/cards", account=account, **asked)
    page["data"] = [show_card(call.store, card, account) for card in page["data"]]
    return page


@route("GET", "/v1/issuing/cards/{id}")
def retrieve(call: Call) -> Data:
    """One card of the acting account; with `expand[]=number` or `cvc` those of a virtual one, and never elsewhere."""
    account = owner(call)
    card = fetch(call, CARD, call.ids["id"])
    shown = show_card(call.store, card, account)
    if card["type"] == "virtual" and "number" in call.params.get("expand", ()):
        shown["number"] = number(str(card.get("_number_of", card["id"])), card["last4"])
    if card["type"] == "virtual" and "cvc" in call.params.get("expand", ()):
        shown["cvc"] = cvc(card["id"])
    return shown

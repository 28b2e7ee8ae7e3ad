"""Cardholders (docs.stripe.com/api/issuing/cardholders)."""

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.issuing import active_owner, controls, currency_of, fetch, owner
from sandbox.noun import (
    UNSET,
    Call,
    Data,
    World,
    diff,
    invalid,
    listing,
    merge,
    merge_metadata,
    new_id,
    public,
    route,
    setting,
    task,
)

setting("cardholder_delay", 0)  # seconds until Stripe has looked at a new cardholder
setting("user_terms_required", True)  # whether individuals in the US must accept the authorized user terms
KIND = "issuing.cardholder"
NAME = re.compile(r"[^\W\d_][^\W\d_ .,'-]*([ .,'-]+[^\W\d_.,'-]*)*")
LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ž .,'-]+")
NO_DOB = {"day": None, "month": None, "year": None}
ADULT = 13  # years: Stripe's least age of a cardholder
LOCALES = ("de", "en", "es", "fr", "it", "da", "pl", "sv")


@route("POST", "/v1/issuing/cardholders")
def create(call: Call) -> Data:
    """Create a cardholder: `individual` unless `type` says `company`."""
    account, params = active_owner(call), call.params
    _check_name(params["name"])
    kind = params.get("type", "individual")
    cardholder = {
        "id": new_id("ich"),
        "object": KIND,
        "billing": {"address": {"line2": None, "state": None, **_address(params)}},
        "company": None,
        "created": call.world.now,
        "email": params.get("email") or None,
        "individual": None,
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "name": params["name"],
        "phone_number": _phone(params),
        "preferred_locales": params.get("preferred_locales") or None,
        "requirements": {"disabled_reason": None, "past_due": []},
        "spending_controls": _controls(call, None, account),
        "status": params.get("status", "active"),
        "type": kind,
        "_review": bool(call.world.settings["cardholder_delay"]),
    }
    _take_person(cardholder, params, call.world)
    _require(call.world, cardholder)
    call.store.put(KIND, cardholder, account)
    call.world.emit("issuing_cardholder.created", cardholder, account=account)
    if cardholder["_review"]:
        delay = call.world.settings["cardholder_delay"]
        call.world.later(delay, "cardholder.reviewed", {"id": cardholder["id"], "account": account})
    return cardholder


@route("POST", "/v1/issuing/cardholders/{id}")
def update(call: Call) -> Data:
    """Change what was given. Name and type are not parameters: they stay."""
    account, params = owner(call), call.params
    cardholder = fetch(call, KIND, call.ids["id"])
    before = public(cardholder)
    if "billing" in params:
        cardholder["billing"] = {"address": {"line2": None, "state": None, **_address(params)}}
    if "status" in params:
        if cardholder["status"] == "blocked":
            raise invalid("This cardholder has been blocked and cannot be changed.", param="status")
        cardholder["status"] = params["status"]
    for name in ("email", "preferred_locales"):
        if name in params:
            cardholder[name] = params[name] or None
    if "phone_number" in params:
        cardholder["phone_number"] = _phone(params)
    cardholder["spending_controls"] = _controls(call, cardholder["spending_controls"], account)
    cardholder["metadata"] = merge_metadata(cardholder["metadata"], params.get("metadata"))
    _take_person(cardholder, params, call.world)
    _require(call.world, cardholder)
    return _store(call.world, cardholder, before, account)


def _store(world: World, cardholder: Data, before: Data, account: str) -> Data:
    previous = diff(before, public(cardholder))
    world.store.put(KIND, cardholder, account)
    if previous:
        world.emit("issuing_cardholder.updated", cardholder, account=account, previous=previous)
    return cardholder


@task("cardholder.reviewed")
def reviewed(world: World, payload: Data) -> None:
    """Stripe's look at a new cardholder has ended well."""
    cardholder = world.store.get(KIND, payload["id"], payload["account"])
    if cardholder:
        before = public(cardholder)
        cardholder["_review"] = False
        _require(world, cardholder)
        _store(world, cardholder, before, payload["account"])


@route("GET", "/v1/issuing/cardholders")
def list_all(call: Call) -> Data:
    """Cardholders, newest first, by email, phone_number, status and type."""
    names = ("email", "phone_number", "status", "type")
    asked = {name: call.params[name] for name in names if name in call.params}
    return listing(call, KIND, url="/v1/issuing/cardholders", account=owner(call), **asked)


@route("GET", "/v1/issuing/cardholders/{id}")
def retrieve(call: Call) -> Data:
    """One cardholder of the acting account."""
    owner(call)
    return fetch(call, KIND, call.ids["id"])


# What was given


def _check_name(name: str) -> None:
    if len(name) > 24:
        raise invalid("Invalid string: the name must be at most 24 characters.", param="name")
    if not NAME.fullmatch(name):
        raise invalid("The name may not contain numbers or special characters.", param="name")


def _address(params: Data) -> Data:
    address = params["billing"]["address"]
    return {name: value or None for name, value in address.items()}


def _phone(params: Data) -> str | None:
    number = params.get("phone_number") or None
    if number and not re.fullmatch(r"\+?[0-9 ()-]{5,20}", number):
        raise invalid("The phone number is not valid. Use the E.164 format.", param="phone_number")
    return number


def _controls(call: Call, old: Data | None, account: str) -> Data:
    given = call.params.get("spending_controls")
    return controls(old, given, of_cardholder=True, currency=currency_of(call.store, account))


def _take_person(cardholder: Data, params: Data, world: World) -> None:
    """The `individual` or `company` hash; numbers are kept as "provided" only."""
    if cardholder["type"] == "company":
        given = params.get("company") or {}
        known = (cardholder["company"] or {}).get("tax_id_provided", False)
        cardholder["company"] = {"tax_id_provided": known or bool(given.get("tax_id"))}
    elif params.get("individual") or cardholder["individual"]:
        given = params.get("individual") or {}
        cardholder["individual"] = _individual(cardholder["individual"], given, world)


def _individual(old: Data | None, given: Data, world: World) -> Data:
    empty: Data = {
        "card_issuing": {"user_terms_acceptance": {"date": None, "ip": None, "user_agent": None}},
        "dob": dict(NO_DOB),
        "first_name": None,
        "last_name": None,
        "verification": {"document": {"back": None, "front": None}},
    }
    merged = merge(old or empty, given)
    for name in ("first_name", "last_name"):
        if merged[name] and not LATIN.fullmatch(merged[name]):
            raise invalid(f"`{name}` may only contain Latin letters.", param=f"individual[{name}]")
    if given.get("dob"):
        _check_age(merged["dob"], world)
    if given.get("dob") is UNSET:
        merged["dob"] = dict(NO_DOB)
    terms = merged["card_issuing"]["user_terms_acceptance"]
    if bool(terms["date"]) != bool(terms["ip"]):
        raise invalid(
            "`date` and `ip` of the user terms acceptance must be given together.",
            param="individual[card_issuing][user_terms_acceptance]",
        )
    return merged


def _check_age(dob: dict[str, Any], world: World) -> None:
    try:
        born = datetime(dob["year"], dob["month"], dob["day"], tzinfo=UTC)
    except ValueError:
        raise invalid("The date of birth is not a date.", param="individual[dob]") from None
    today = datetime.fromtimestamp(world.now, UTC)
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if age < ADULT:
        raise invalid("The cardholder must be at least 13 years old.", param="individual[dob]")


def _require(world: World, cardholder: Data) -> None:
    """What keeps the cardholder from using cards, as Stripe lists it."""
    due: list[str] = []
    if cardholder["type"] == "individual":
        person = cardholder["individual"] or {}
        due += [f"individual.{name}" for name in ("first_name", "last_name") if not person.get(name)]
        in_us = cardholder["billing"]["address"]["country"] == "US"
        terms = (person.get("card_issuing") or {}).get("user_terms_acceptance") or {}
        if in_us and world.settings["user_terms_required"] and not terms.get("date"):
            due += [f"individual.card_issuing.user_terms_acceptance.{name}" for name in ("date", "ip")]
    reason = "requirements.past_due" if due else "under_review" if cardholder["_review"] else None
    cardholder["requirements"] = {"disabled_reason": reason, "past_due": sorted(due)}

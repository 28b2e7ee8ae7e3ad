"""Cardholders (docs.stripe.com/api/issuing/cardholders).

`POST /_sandbox/cardholders/{id}` does what only Stripe does: {"do": "review"} looks at the cardholder, {"do": "block"}
ends it for good, {"do": "clear"} finds nothing.
"""

import re
from datetime import UTC, datetime

from sandbox.rules.formats import Context, faults
from sandbox.rules.verdicts import FILES
from sandbox.world.errors import invalid, missing
from sandbox.world.issuing import CARDHOLDER, active_owner, controls, country_of, currency_of, fetch, owner
from sandbox.world.noun import UNSET, Call, control, diff, listing, merge, merge_metadata, route, setting, task
from sandbox.world.store import Data, Store
from sandbox.world.world import World, new_id, public

setting("cardholder_delay", 0)  # seconds until Stripe has looked at a new cardholder
setting("user_terms_required", True)  # whether individuals of US accounts must accept the authorized user terms
LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ž .,'-]+")
LEAST_AGE = 13  # years
LONGEST_NAME = 24
NO_PERSON: Data = {
    "card_issuing": {"user_terms_acceptance": {"date": None, "ip": None, "user_agent": None}},
    "dob": {"day": None, "month": None, "year": None},
    "first_name": None,
    "last_name": None,
    "verification": {"document": {"back": None, "front": None}},
}


@route("POST", "/v1/issuing/cardholders")
def create(call: Call) -> Data:
    """Create a cardholder: `individual` unless `type` says `company`."""
    account, params, world = active_owner(call), call.params, call.world
    _check_name(params["name"])
    delay = world.settings["cardholder_delay"]
    cardholder: Data = {
        "id": new_id("ich"),
        "object": CARDHOLDER,
        "company": None,
        "created": world.now,
        "email": None,
        "individual": None,
        "livemode": False,
        "metadata": {},
        "name": params["name"],
        "phone_number": None,
        "preferred_locales": None,
        "spending_controls": None,
        "status": params.get("status", "active"),
        "type": params.get("type", "individual"),
        "_found": "under_review" if delay else None,
    }
    _take(call, cardholder, account)
    call.store.put(CARDHOLDER, cardholder, account)
    world.emit("issuing_cardholder.created", cardholder, account=account)
    if delay:
        world.later(delay, "cardholder.reviewed", {"id": cardholder["id"], "account": account})
    return cardholder


@route("POST", "/v1/issuing/cardholders/{id}")
def update(call: Call) -> Data:
    """Change what was given. Name and type are not parameters: they stay."""
    account = owner(call)
    cardholder = fetch(call, CARDHOLDER, call.ids["id"])
    before, status = public(cardholder), call.params.get("status")
    if status and cardholder["status"] == "blocked":
        raise invalid("You cannot change the status of a cardholder that has been blocked.", param="status")
    cardholder["status"] = status or cardholder["status"]
    _take(call, cardholder, account)
    return _put(call.world, cardholder, before, account)


def _put(world: World, cardholder: Data, before: Data, account: str) -> Data:
    world.store.put(CARDHOLDER, cardholder, account)
    if previous := diff(before, public(cardholder)):
        world.emit("issuing_cardholder.updated", cardholder, account=account, previous=previous)
    return cardholder


# What was given


def _take(call: Call, cardholder: Data, account: str) -> None:
    """Lay the parameters that create and update share over the cardholder, checked."""
    params = call.params
    country = (params.get("billing") or cardholder["billing"])["address"]["country"]
    for fault in faults(params, Context(country, call.world.now)):
        raise invalid(fault.message, fault.code, fault.param)
    if "billing" in params:
        cardholder["billing"] = {"address": {"line2": None, "state": None, **params["billing"]["address"]}}
    for name in ("email", "preferred_locales"):
        if name in params:
            cardholder[name] = params[name] or None
    if "phone_number" in params:
        cardholder["phone_number"] = re.sub(r"[\s().-]", "", params["phone_number"])
    currency = currency_of(call.store, account)
    given = params.get("spending_controls")
    cardholder["spending_controls"] = controls(cardholder["spending_controls"], given, currency=currency)
    cardholder["metadata"] = merge_metadata(cardholder["metadata"], params.get("metadata"))
    _take_person(call, cardholder)
    _require(call.world, cardholder, account)


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise invalid(f"Invalid string: must be at most {LONGEST_NAME} characters.", param="name")
    if not any(sign.isalpha() for sign in name) or not all(sign.isalpha() or sign in " .,'-" for sign in name):
        raise invalid("The cardholder's name may not contain numbers or special characters.", param="name")


def _take_person(call: Call, cardholder: Data) -> None:
    """The `individual` or `company` hash; of a tax id it is only kept that it was given."""
    kind = cardholder["type"]
    other = "individual" if kind == "company" else "company"
    if call.params.get(other):
        raise invalid(f"You cannot set `{other}` on a cardholder of type `{kind}`.", param=other)
    given = call.params.get(kind) or {}
    if kind == "company":
        known = (cardholder["company"] or {}).get("tax_id_provided", False)
        cardholder["company"] = {"tax_id_provided": known or bool(given.get("tax_id"))}
    elif given:
        cardholder["individual"] = _individual(call, cardholder["individual"] or NO_PERSON, given)


def _individual(call: Call, old: Data, given: Data) -> Data:
    merged = merge(old, given)
    for name in ("first_name", "last_name"):
        if merged[name] and not LATIN.fullmatch(merged[name]):
            raise invalid(f"`{name}` may only contain Latin letters.", param=f"individual[{name}]")
    if given.get("dob"):
        born, today = merged["dob"], datetime.fromtimestamp(call.world.now, UTC)
        if today.year - born["year"] - ((today.month, today.day) < (born["month"], born["day"])) < LEAST_AGE:
            raise invalid(f"The cardholder must be at least {LEAST_AGE} years old.", param="individual[dob]")
    _check_document(call.store, (given.get("verification") or {}).get("document") or {}, call.account)
    terms = (given.get("card_issuing") or {}).get("user_terms_acceptance") or {}
    for name in ("date", "ip"):
        if terms and name not in terms:
            param = f"individual[card_issuing][user_terms_acceptance][{name}]"
            raise invalid(f"Missing required param: {param}.", "parameter_missing", param)
    if terms and terms.get("user_agent") in (None, UNSET):
        merged["card_issuing"]["user_terms_acceptance"]["user_agent"] = None  # not that of an earlier acceptance
    return merged


def _check_document(store: Store, given: Data, account: str | None) -> None:
    for side, file_id in given.items():
        if file_id and file_id not in FILES and not (store.get("file", file_id, account) or store.get("file", file_id)):
            raise missing("file upload", file_id, f"individual[verification][document][{side}]")


# What keeps a cardholder from using cards


def _require(world: World, cardholder: Data, account: str) -> None:
    """Set `requirements` as Stripe lists them."""
    due: list[str] = []
    if cardholder["type"] == "individual":
        person = cardholder["individual"] or NO_PERSON
        due += [f"individual.{name}" for name in ("first_name", "last_name") if not person[name]]
        asked = world.settings["user_terms_required"] and country_of(world.store, account) == "US"
        if asked and not person["card_issuing"]["user_terms_acceptance"]["date"]:
            due += [f"individual.card_issuing.user_terms_acceptance.{name}" for name in ("date", "ip")]
    reason = "requirements.past_due" if due else None
    if cardholder["_found"]:
        reason = cardholder["_found"]
    cardholder["requirements"] = {"disabled_reason": reason, "past_due": sorted(due)}


def _find(world: World, cardholder: Data, account: str, what: str | None) -> Data:
    """Stripe has looked at the cardholder and found this."""
    before = public(cardholder)
    cardholder["_found"] = what
    _require(world, cardholder, account)
    if what == "rejected.listed":
        cardholder["status"] = "blocked"
    return _put(world, cardholder, before, account)


@task("cardholder.reviewed")
def reviewed(world: World, payload: Data) -> None:
    """Stripe's look at a new cardholder has ended well."""
    cardholder = world.store.get(CARDHOLDER, payload["id"], payload["account"])
    if cardholder and cardholder["_found"] == "under_review":
        _find(world, cardholder, payload["account"], None)


FINDINGS = {"block": "rejected.listed", "clear": None, "review": "under_review"}


@control("cardholders")
def control_cardholder(world: World, cardholder_id: str, body: Data) -> Data:
    """Let Stripe find something about a cardholder; returns it. Raises ValueError in words for whoever sent it."""
    found = world.store.find(CARDHOLDER, cardholder_id)
    if found is None or found[1] is None:
        raise ValueError(f"There is no cardholder {cardholder_id!r}.")
    if body.get("do") not in FINDINGS:
        raise ValueError(f"`do` is one of {', '.join(FINDINGS)}.")
    if found[0]["status"] == "blocked":
        raise ValueError("This cardholder is blocked, for good.")
    return _find(world, found[0], found[1], FINDINGS[body["do"]])


# Reading them


@route("GET", "/v1/issuing/cardholders")
def list_all(call: Call) -> Data:
    """Cardholders, newest first, by created, email, phone_number, status and type."""
    names = ("email", "phone_number", "status", "type")
    asked = {name: call.params[name] for name in names if name in call.params}
    return listing(call, CARDHOLDER, url="/v1/issuing/cardholders", account=owner(call), **asked)


@route("GET", "/v1/issuing/cardholders/{id}")
def retrieve(call: Call) -> Data:
    """One cardholder of the acting account."""
    owner(call)
    return fetch(call, CARDHOLDER, call.ids["id"])

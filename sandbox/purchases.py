"""What a purchase does to the books: holds, releases, captures and refunds, with Stripe's events for each."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sandbox import ledger
from sandbox.issuing import issuing_status, show_authorization, show_card
from sandbox.noun import Data, World, diff, new_id, public
from sandbox.rules.decision import Attempt, Spend, decide

AUTHORIZATION, TRANSACTION = "issuing.authorization", "issuing.transaction"
MERCHANT = {
    "category": "computer_software_stores",
    "city": "San Francisco",
    "country": "US",
    "name": "Rocket Rides",
    "network_id": "1234567890",
    "postal_code": "94107",
    "state": "CA",
}
# Merchant category codes of the categories that demonstrations use; Stripe's own list has 295.
CODES = {
    "airlines_air_carriers": "4511",
    "automotive_tire_stores": "5532",
    "bakeries": "5462",
    "book_stores": "5942",
    "business_secretarial_schools": "8244",
    "car_rental_agencies": "7512",
    "computer_network_services": "4816",
    "computer_programming": "7372",
    "computer_software_stores": "5734",
    "courier_services": "4215",
    "department_stores": "5311",
    "drug_stores_and_pharmacies": "5912",
    "eating_places_restaurants": "5812",
    "electronics_stores": "5732",
    "fast_food_restaurants": "5814",
    "fuel_dealers_non_automotive": "5983",
    "automated_fuel_dispensers": "5542",
    "grocery_stores_supermarkets": "5411",
    "hardware_stores": "5251",
    "hotels_motels_and_resorts": "7011",
    "lumber_building_materials_stores": "5211",
    "miscellaneous_general_merchandise": "5399",
    "office_and_commercial_furniture": "5021",
    "parking_lots_garages": "7523",
    "quick_copy_repro_and_blueprint": "7338",
    "service_stations": "5541",
    "stationery_stores_office_and_school_supply_stores": "5943",
    "taxicabs_limousines": "4121",
    "telecommunication_services": "4814",
    "truck_utility_trailer_rentals": "7513",
    "wholesale_clubs": "5300",
}


def merchant(given: Data | None) -> Data:
    """`merchant_data` as an authorization shows it."""
    known: dict[str, Any] = {**MERCHANT, "tax_id": None, "terminal_id": None, "url": None, **(given or {})}
    return {**known, "category_code": CODES.get(known["category"], "")}


def spent(world: World, cardholder: str, account: str, *, apart: str = "") -> tuple[Spend, ...]:
    """What all cards of a cardholder have used up, one entry an approved authorization, `apart` from one."""
    found = world.store.each(AUTHORIZATION, account, cardholder=cardholder, approved=True)
    return tuple(
        Spend(each["_card"], each["_held"] + each["_captured"], each["created"], each["merchant_data"]["category"])
        for each in found
        if each["id"] != apart
    )


def ask(world: World, authorization: Data, amount: int, account: str) -> tuple[bool, str]:
    """Decide about `amount` more for this authorization, with all that is true now."""
    card = show_card(world.store, world.store.get("issuing.card", authorization["_card"], account) or {}, account)
    attempt = Attempt(
        amount=amount,
        now=world.now,
        card=card,
        category=authorization["merchant_data"]["category"],
        country=authorization["merchant_data"]["country"] or "",
        presence=authorization["card_presence"],
        available=ledger.available(world.store, account, authorization["currency"]),
        issuing=issuing_status(world.store, account),
        checks=authorization["verification_data"],
        spent=spent(world, card["cardholder"]["id"], account),
    )
    return decide(attempt)


def note(world: World, authorization: Data, amount: int, *, approved: bool, reason: str) -> None:
    """Write one request into the authorization's history."""
    entry = {
        "amount": amount,
        "amount_details": authorization["amount_details"],
        "approved": approved,
        "authorization_code": f"S{secrets.randbelow(10**6):06d}" if approved else None,
        "created": world.now,
        "currency": authorization["currency"],
        "merchant_amount": amount,
        "merchant_currency": authorization["merchant_currency"],
        "network_risk_score": None,
        "reason": reason,
        "reason_message": None,
        "requested_at": world.now,
    }
    authorization["request_history"].append(entry)


def hold(world: World, authorization: Data, amount: int, account: str) -> None:
    """Take `amount` from what cards can spend; a negative amount gives it back."""
    if not amount:
        return
    kind = "issuing_authorization_hold" if amount > 0 else "issuing_authorization_release"
    moved = ledger.move(world, account, kind, -amount, authorization["currency"], authorization["id"], of="issuing")
    authorization["_held"] += amount
    authorization["_balance_transactions"].append(moved["id"])


def store(world: World, authorization: Data, account: str, before: Data | None) -> Data:
    """Keep it and make its event: created, or updated with what changed. Returns it as Stripe shows it."""
    world.store.put(AUTHORIZATION, authorization, account)
    shown = show_authorization(world.store, authorization, account)
    if before is None:
        world.emit("issuing_authorization.created", shown, account=account)
    elif previous := diff(before, public(shown)):
        world.emit("issuing_authorization.updated", shown, account=account, previous=previous)
    return shown


def transaction(
    world: World,
    card: Data,
    amount: int,
    account: str,
    *,
    kind: str,
    of: Data | None,
    merchant_data: Data,
    details: Data,
) -> Data:
    """Book a capture (negative) or a refund (positive) and make its event; `of` is its authorization, if any."""
    new = {
        "id": new_id("ipi"),
        "object": TRANSACTION,
        "amount": amount,
        "amount_details": None,
        "authorization": of["id"] if of else None,
        "balance_transaction": None,
        "card": card["id"],
        "cardholder": card["cardholder"],
        "created": world.now,
        "currency": card["currency"],
        "dispute": None,
        "livemode": False,
        "merchant_amount": amount,
        "merchant_currency": card["currency"],
        "merchant_data": merchant_data,
        "metadata": {},
        "network_data": {
            "authorization_code": None,
            "processing_date": datetime.fromtimestamp(world.now, UTC).date().isoformat(),
            "transaction_id": None,
        },
        "purchase_details": details or None,
        "token": None,
        "type": kind,
        "wallet": of["wallet"] if of else None,
        "_refunded": 0,
    }
    moved = ledger.move(world, account, "issuing_transaction", amount, new["currency"], new["id"], of="issuing")
    new["balance_transaction"] = moved["id"]
    world.store.put(TRANSACTION, new, account)
    world.emit("issuing_transaction.created", new, account=account)
    return new

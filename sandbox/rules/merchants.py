"""The merchant of an authorization or transaction and what was bought there, in Stripe's shapes."""

import math
from typing import Any

Data = dict[str, Any]
MERCHANT = {
    "category": "taxicabs_limousines",
    "city": "San Francisco",
    "country": "US",
    "name": "Rocket Rides",
    "network_id": "1234567890",
    "postal_code": "94107",
    "state": "CA",
    "tax_id": None,
    "terminal_id": None,
    "url": None,
}
# Merchant category codes of the commonest categories; Stripe's own list has 294.
CODES = {
    "airlines_air_carriers": "4511",
    "automated_fuel_dispensers": "5542",
    "automotive_tire_stores": "5532",
    "bakeries": "5462",
    "book_stores": "5942",
    "business_secretarial_schools": "8244",
    "car_rental_agencies": "7512",
    "caterers": "5811",
    "computer_network_services": "4816",
    "computer_programming": "7372",
    "computer_software_stores": "5734",
    "consulting_public_relations": "7392",
    "courier_services": "4215",
    "department_stores": "5311",
    "drinking_places": "5813",
    "drug_stores_and_pharmacies": "5912",
    "eating_places_restaurants": "5812",
    "electronics_stores": "5732",
    "fast_food_restaurants": "5814",
    "fuel_dealers_non_automotive": "5983",
    "grocery_stores_supermarkets": "5411",
    "hardware_stores": "5251",
    "hotels_motels_and_resorts": "7011",
    "lumber_building_materials_stores": "5211",
    "miscellaneous_general_merchandise": "5399",
    "office_and_commercial_furniture": "5021",
    "parking_lots_garages": "7523",
    "passenger_railways": "4112",
    "quick_copy_repro_and_blueprint": "7338",
    "service_stations": "5541",
    "stationery_stores_office_and_school_supply_stores": "5943",
    "taxicabs_limousines": "4121",
    "telecommunication_services": "4814",
    "travel_agencies_tour_operators": "4722",
    "truck_utility_trailer_rentals": "7513",
    "utilities": "4900",
    "wholesale_clubs": "5300",
}
FLEET: Data = {
    "cardholder_prompt_data": dict.fromkeys(("driver_id", "odometer", "unspecified_id", "user_id", "vehicle_number")),
    "purchase_type": None,
    "reported_breakdown": {
        "fuel": {"gross_amount_decimal": None},
        "non_fuel": {"gross_amount_decimal": None},
        "tax": {"local_amount_decimal": None, "national_amount_decimal": None},
    },
    "service_type": None,
}
FUEL: Data = {
    "industry_product_code": None,
    "quantity_decimal": None,
    "type": "other",
    "unit": "other",
    "unit_cost_decimal": "0",
}
FLIGHT: Data = dict.fromkeys(("departure_at", "passenger_name", "refundable", "segments", "travel_agency"))
SEGMENT: Data = dict.fromkeys(
    ("arrival_airport_code", "carrier", "departure_airport_code", "flight_number", "service_class", "stopover_allowed")
)
LODGING: Data = {"check_in_at": None, "nights": None}
RECEIPT: Data = {"description": None, "quantity": None, "total": None, "unit_cost": None}


def merchant(given: Data | None) -> Data:
    """`merchant_data` as authorizations and transactions show it."""
    known: Data = {**MERCHANT, **(given or {})}
    return {**known, "category_code": CODES.get(known["category"], "")}


def fleet(given: Data | None, *, of_authorization: bool = False) -> Data | None:
    """`fleet`, whole; None where none was given. An authorization knows one prompt more than a transaction."""
    if not given:
        return None
    whole = _filled(FLEET, given)
    if of_authorization:
        whole["cardholder_prompt_data"] = {"alphanumeric_id": None, **whole["cardholder_prompt_data"]}
    return whole


def fuel(given: Data | None) -> Data | None:
    """`fuel`, whole; None where none was given."""
    return _filled(FUEL, given) if given else None


def purchase_details(given: Data | None) -> Data | None:
    """`purchase_details` of a transaction, whole; None where none were given."""
    if not given:
        return None
    flight = _filled(FLIGHT, given["flight"]) if given.get("flight") else None
    if flight and flight["segments"]:
        flight["segments"] = [_filled(SEGMENT, segment) for segment in flight["segments"]]
    return {
        "fleet": fleet(given.get("fleet")),
        "flight": flight,
        "fuel": fuel(given.get("fuel")),
        "lodging": _filled(LODGING, given["lodging"]) if given.get("lodging") else None,
        "receipt": [_receipt(line) for line in given.get("receipt") or ()] or None,
        "reference": given.get("reference"),
    }


def _receipt(line: Data) -> Data:
    """Stripe takes the quantity as a decimal string and shows it as a number; what is none shows as null."""
    whole = _filled(RECEIPT, line)
    try:
        quantity = float(whole["quantity"] or "nan")
    except ValueError:
        quantity = math.nan
    return {**whole, "quantity": quantity if abs(quantity) < 10**12 else None}


def _filled(shape: Data, given: Data) -> Data:
    """The given values laid over the shape, hashes member by member."""
    return {
        name: _filled(default, given.get(name) or {}) if isinstance(default, dict) else given.get(name, default)
        for name, default in shape.items()
    }

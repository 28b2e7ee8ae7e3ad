#!/usr/bin/env python3
"""From a connected account to a captured authorization with Python's standard library alone: no package of Stripe's.

    make sandbox                          # in another terminal
    python3 examples/line.py              # or: examples/line.py http://127.0.0.1:12111

It shows the wire: bracketed forms, the Stripe-Account header, what an answer holds. With the stock client the same line
is examples/first_swipe.py.
"""

import json
import os
import sys
import time
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

BASE = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:12111").rstrip("/")
KEY = os.environ.get("STRIPE_SECRET_KEY", "sk_test_line")
ADDRESS = {"line1": "address_full_match", "city": "Austin", "state": "TX", "postal_code": "78701"}
SIGNED = {"date": int(time.time()), "ip": "203.0.113.7"}
ACCOUNT = {
    "country": "US",
    "business_type": "company",
    "controller": {
        "stripe_dashboard": {"type": "none"},
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "requirement_collection": "application",
    },
    "capabilities": {"card_issuing": {"requested": True}, "transfers": {"requested": True}},
    "business_profile": {
        "mcc": "4121",
        "url": "https://accessible.stripe.com",
        "estimated_worker_count": 12,
        "annual_revenue": {"amount": 25_000_000, "currency": "usd", "fiscal_year_end": "2025-12-31"},
    },
    "company": {"name": "Rocket Rides", "tax_id": "222222222", "phone": "0000000000", "address": ADDRESS},
    "external_account": "btok_us",
}
REPRESENTATIVE = {
    "first_name": "Jane",
    "last_name": "Austen",
    "email": "jane@example.com",
    "phone": "0000000000",
    "dob": {"day": 1, "month": 1, "year": 1902},
    "id_number": "222222222",
    "address": ADDRESS,
    "relationship": {"representative": True, "owner": True, "percent_ownership": 100, "title": "CEO"},
}
CARDHOLDER = {
    "name": "Jane Austen",
    "phone_number": "+15125550100",
    "billing": {"address": {**ADDRESS, "line1": "1 Main Street", "country": "US"}},
    "individual": {
        "first_name": "Jane",
        "last_name": "Austen",
        "card_issuing": {"user_terms_acceptance": SIGNED},
    },
}


def flat(params: dict[str, Any], inside: str = "") -> list[tuple[str, str]]:
    """`{"a": {"b": True}}` as `a[b]=true`."""
    fields = []
    for name, value in params.items():
        field = f"{inside}[{name}]" if inside else name
        if isinstance(value, dict):
            fields += flat(value, field)
        else:
            fields.append((field, str(value).lower() if isinstance(value, bool) else str(value)))
    return fields


def call(path: str, params: dict[str, Any] | None = None, account: str = "") -> dict[str, Any]:
    """GET the path, or POST `params` to it; as `account` where one is given. Raises HTTPError for a refusal."""
    headers = {"Authorization": f"Bearer {KEY}", **({"Stripe-Account": account} if account else {})}
    body = None if params is None else urlencode(flat(params)).encode()
    with urlopen(Request(f"{BASE}/v1/{path}", body, headers)) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def until(path: str, wanted: str, account: str) -> None:
    """Ask twice a second, at most a minute, until the status there is as wanted."""
    for _ in range(120):
        if (status := call(path, account=account)["status"]) == wanted:
            return
        time.sleep(0.5)
    sys.exit(f"{path} is still {status}")


def main() -> None:
    account = call("accounts", ACCOUNT)["id"]
    print(f"{account}: created")
    call(f"accounts/{account}/persons", REPRESENTATIVE)
    terms = {"tos_acceptance": SIGNED, "settings": {"card_issuing": {"tos_acceptance": SIGNED}}}
    call(f"accounts/{account}", terms)
    until(f"accounts/{account}/capabilities/card_issuing", "active", account)
    print("card_issuing: active")
    holder = call("issuing/cardholders", CARDHOLDER, account)["id"]
    asked = {"cardholder": holder, "currency": "usd", "type": "virtual", "status": "active"}
    card = call("issuing/cards", asked, account)
    print(f"{card['id']}: {card['status']}, ends in {card['last4']}")
    topup = call("topups", {"amount": 1_000_00, "currency": "usd", "destination_balance": "issuing"}, account)
    until(f"topups/{topup['id']}", "succeeded", account)
    shop = {"name": "Crumb and Co", "category": "bakeries"}
    helpers = "test_helpers/issuing/authorizations"
    held = call(helpers, {"card": card["id"], "amount": 42_00, "merchant_data": shop}, account)
    print(f"{held['id']}: approved {str(held['approved']).lower()}")
    done = call(f"{helpers}/{held['id']}/capture", {}, account)
    print(f"{done['id']}: {done['status']}, captured")


if __name__ == "__main__":
    main()

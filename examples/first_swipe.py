#!/usr/bin/env python3
"""From nothing to the first swipe of a card, with the stock stripe-python and nothing else.

    make sandbox                                  # in another terminal
    .venv/bin/python examples/first_swipe.py      # --base http://127.0.0.1:12111 where it listens elsewhere

Account, cardholder, card, funds, an authorization that is approved, its capture, and one that is declined. Any key that
begins with sk_test_ will do.
"""

import argparse
import os
import time
from collections.abc import Callable

import stripe

CONTROLLER = {
    "stripe_dashboard": {"type": "none"},
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "application",
}
ADDRESS = {"line1": "address_full_match", "city": "Austin", "state": "TX", "postal_code": "78701"}
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
BAKERY = {"category": "bakeries", "name": "Crumb and Co", "city": "Austin", "state": "TX", "country": "US"}


def client() -> stripe.StripeClient:
    parser = argparse.ArgumentParser(description="Create an account and bring it to its first swipe.")
    parser.add_argument("--base", default="http://127.0.0.1:12111", metavar="URL", help="where the sandbox listens")
    base = parser.parse_args().base.rstrip("/")
    key = os.environ.get("STRIPE_SECRET_KEY", "sk_test_first_swipe")
    return stripe.StripeClient(key, base_addresses={"api": base})


def signed() -> dict[str, object]:
    return {"date": int(time.time()), "ip": "203.0.113.7"}


def open_account(v1: stripe.V1Services) -> str:
    """A business that may issue cards; the terms are accepted last."""
    account = v1.accounts.create(
        {
            "controller": CONTROLLER,
            "country": "US",
            "business_type": "company",
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
    )
    v1.accounts.persons.create(account.id, REPRESENTATIVE)
    terms = signed()
    v1.accounts.update(account.id, {"tos_acceptance": terms, "settings": {"card_issuing": {"tos_acceptance": terms}}})
    status = until(lambda: v1.accounts.capabilities.retrieve(account.id, "card_issuing").status, "active")
    print(f"{account.id}: card_issuing is {status}")
    return account.id


def until(look: Callable[[], str], wanted: str) -> str:
    """Look twice a second until it is as wanted, at most a minute; returns how it then is."""
    for _ in range(120):
        found = look()
        if found == wanted:
            break
        time.sleep(0.5)
    return found


def issue_card(v1: stripe.V1Services, options: dict[str, str]) -> str:
    cardholder = v1.issuing.cardholders.create(
        {
            "name": "Jane Austen",
            "email": "jane@example.com",
            "phone_number": "+15125550100",
            "billing": {"address": {**ADDRESS, "line1": "1 Main Street", "country": "US"}},
            "individual": {
                "first_name": "Jane",
                "last_name": "Austen",
                "card_issuing": {"user_terms_acceptance": signed()},
            },
        },
        options,
    )
    print(f"{cardholder.id}: {cardholder.name}, {cardholder.requirements.disabled_reason or 'nothing due'}")
    card = v1.issuing.cards.create({"cardholder": cardholder.id, "currency": "usd", "type": "virtual"}, options)
    print(f"{card.id}: ends in {card.last4}, {card.status}")
    card = v1.issuing.cards.update(card.id, {"status": "active"}, options)
    print(f"{card.id}: {card.status}")
    return card.id


def fund(v1: stripe.V1Services, options: dict[str, str]) -> None:
    asked = {"amount": 1_000_00, "currency": "usd", "destination_balance": "issuing"}
    topup = v1.topups.create(asked, options)
    status = until(lambda: v1.topups.retrieve(topup.id, {}, options).status, "succeeded")
    print(f"{topup.id}: {status}; {balance(v1, options)} to spend")


def balance(v1: stripe.V1Services, options: dict[str, str]) -> str:
    amount = v1.balance.retrieve({}, options).issuing.available[0].amount
    return f"{amount / 100:.2f} USD"


def swipe(v1: stripe.V1Services, card: str, options: dict[str, str]) -> None:
    helpers = v1.test_helpers.issuing.authorizations
    for amount in (42_00, 900_00):
        made = helpers.create({"card": card, "amount": amount, "merchant_data": BAKERY}, options)
        told = "approved" if made.approved else "declined"
        print(f"{made.id}: {amount / 100:.2f} USD at {BAKERY['name']} {told}, {made.request_history[0].reason}")
        if made.approved:
            done = helpers.capture(made.id, {}, options)
            print(f"{done.transactions[0].id}: captured; {balance(v1, options)} left")


def main() -> None:
    v1 = client().v1
    account = open_account(v1)
    options = {"stripe_account": account}
    card = issue_card(v1, options)
    fund(v1, options)
    swipe(v1, card, options)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A connected account from nothing to a working `card_issuing`, with the stock stripe-python and nothing else.

    make sandbox                                    # in another terminal
    .venv/bin/python examples/first_account.py      # --base http://127.0.0.1:12111 where it listens elsewhere

Any key that begins with sk_test_ will do. The same script works with Stripe's own test mode (--base https://api.stripe.com
and your key in STRIPE_SECRET_KEY), if your platform is onboarded on Issuing.
"""

import argparse
import os
import time

import stripe

CONTROLLER = {
    "stripe_dashboard": {"type": "none"},
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "application",
}
ADDRESS = {"line1": "address_full_match", "city": "Austin", "state": "TX", "postal_code": "78701"}
DETAILS = {
    "business_profile": {
        "mcc": "4121",
        "url": "https://accessible.stripe.com",
        "estimated_worker_count": 12,
        "annual_revenue": {"amount": 25_000_000, "currency": "usd", "fiscal_year_end": "2025-12-31"},
    },
    "company": {"name": "Rocket Rides", "tax_id": "000000000", "phone": "0000000000", "address": ADDRESS},
    "external_account": "btok_us",
}
REPRESENTATIVE = {
    "first_name": "Jane",
    "last_name": "Austen",
    "email": "jane@example.com",
    "phone": "0000000000",
    "dob": {"day": 1, "month": 1, "year": 1901},
    "id_number": "000000000",
    "address": ADDRESS,
    "relationship": {"representative": True, "owner": True, "percent_ownership": 100, "title": "CEO"},
}


def client() -> stripe.StripeClient:
    parser = argparse.ArgumentParser(description="Create an account and bring its card_issuing to active.")
    parser.add_argument("--base", default="http://127.0.0.1:12111", metavar="URL", help="where the sandbox listens")
    base = parser.parse_args().base.rstrip("/")
    key = os.environ.get("STRIPE_SECRET_KEY", "sk_test_first_account")
    return stripe.StripeClient(key, base_addresses={"api": base})


def create(stripe_client: stripe.StripeClient) -> stripe.Account:
    capabilities = {"card_issuing": {"requested": True}, "transfers": {"requested": True}}
    account = stripe_client.v1.accounts.create(
        {"controller": CONTROLLER, "country": "US", "business_type": "company", "capabilities": capabilities}
    )
    print(f"Created {account.id}: {len(account.requirements.past_due)} requirements past due")
    return account


def link(stripe_client: stripe.StripeClient, account_id: str) -> None:
    made = stripe_client.v1.account_links.create(
        {
            "account": account_id,
            "type": "account_onboarding",
            "refresh_url": "http://127.0.0.1:8000/refresh",
            "return_url": "http://127.0.0.1:8000/return",
        }
    )
    print(f"An onboarding link, good for {made.expires_at - made.created} s and one visit: {made.url}")


def fill_in(stripe_client: stripe.StripeClient, account_id: str) -> None:
    """What the hosted form would ask, given by API instead; the terms last."""
    stripe_client.v1.accounts.persons.create(account_id, REPRESENTATIVE)
    stripe_client.v1.accounts.update(account_id, DETAILS)
    signed = {"date": int(time.time()), "ip": "203.0.113.7"}
    account = stripe_client.v1.accounts.update(
        account_id, {"tos_acceptance": signed, "settings": {"card_issuing": {"tos_acceptance": signed}}}
    )
    print(f"Filled in; Stripe is verifying {', '.join(account.requirements.pending_verification) or 'nothing'}")


def wait(stripe_client: stripe.StripeClient, account_id: str) -> None:
    for _ in range(60):
        capability = stripe_client.v1.accounts.capabilities.retrieve(account_id, "card_issuing")
        if capability.status != "pending":
            break
        time.sleep(0.5)
    print(f"card_issuing is {capability.status}")
    for error in capability.requirements.errors:
        print(f"  {error.requirement}: {error.reason} ({error.code})")


def main() -> None:
    stripe_client = client()
    account = create(stripe_client)
    link(stripe_client, account.id)
    fill_in(stripe_client, account.id)
    wait(stripe_client, account.id)


if __name__ == "__main__":
    main()

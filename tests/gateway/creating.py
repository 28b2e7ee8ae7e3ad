"""An account made through the client, and how many there are."""

from typing import Any

from gateway import client

NEW_ACCOUNT = {
    "country": "US",
    "controller": {
        "stripe_dashboard": {"type": "none"},
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "requirement_collection": "application",
    },
    "capabilities": {"card_issuing": {"requested": True}, "transfers": {"requested": True}},
}


def create(key: str = "key-1", **params: Any) -> client.Answer:
    """The answer to the write."""
    return client.post("/v1/accounts", {**NEW_ACCOUNT, **params}, account=None, key=key)


def number_of_accounts() -> int:
    """At Stripe."""
    return len(client.get("/v1/accounts", {"limit": 100}, account=None).data["data"])

"""Events: their shape, which endpoints get them, and the signature of a delivery (https://docs.stripe.com/webhooks)."""

import hashlib
import hmac
import secrets
from typing import Any

from sandbox.world.store import Store
from sandbox.world.text import indented

Data = dict[str, Any]

# "*" leaves these out: an endpoint gets them only when it names them.
EXPLICIT_ONLY = frozenset({"issuing_authorization.request"})


def build(event_id: str, event_type: str, data: Data, previous: Data | None, *, request: dict[str, str | None]) -> Data:
    """An event as Stripe shows it, without its time (`created`) and what depends on the endpoints."""
    content: Data = {"object": data}
    if previous is not None:
        content["previous_attributes"] = previous
    return {
        "id": event_id,
        "object": "event",
        "api_version": "",
        "created": 0,
        "data": content,
        "livemode": False,
        "pending_webhooks": 0,
        "request": dict(request),
        "type": event_type,
    }


def listeners(store: Store, event_type: str, account: str | None) -> list[tuple[str | None, Data]]:
    """The enabled endpoints that get this event, each with its owner.

    The platform's own events go to its account endpoints; those of a connected account go to the platform's
    `connect=true` endpoints and to the account's own.
    """
    owners = [None] if account is None else [None, account]
    return [
        (owner, endpoint)
        for owner in owners
        for endpoint in store.each("webhook_endpoint", owner, status="enabled")
        if endpoint["_connect"] == (owner != account) and hears(endpoint["enabled_events"], event_type)
    ]


def hears(enabled: list[str], event_type: str) -> bool:
    """Whether an endpoint with these `enabled_events` is sent events of that type."""
    return event_type in enabled or ("*" in enabled and event_type not in EXPLICIT_ONLY)


def matches(pattern: str, event_type: str) -> bool:
    """The list filter `type`: a type, or a prefix that ends in `*`."""
    return event_type.startswith(pattern[:-1]) if pattern.endswith("*") else event_type == pattern


def payload(event: Data, endpoint: Data) -> bytes:
    """The body that is sent to the endpoint: the event as the endpoint's own API version names it."""
    version = endpoint["api_version"] or event["api_version"]
    return indented({**event, "api_version": version}).encode()


def signature(body: bytes, secret: str, at: int) -> str:
    """`Stripe-Signature` for the body sent at `at` (wall time, unix seconds), with the fake v0 of test mode."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed},v0={secrets.token_hex(32)}"


def insert_delivery(store: Store, event: Data, endpoint: Data, owner: str | None, due: float) -> int:
    """Note that the event is to be sent to the endpoint; returns the number of the delivery."""
    row: tuple[Any, ...] = (endpoint["id"], event["id"], owner or "", event.get("account", ""), due)
    query = "INSERT INTO delivery (endpoint, event, owner, account, due) VALUES (?, ?, ?, ?, ?)"
    return int(store.sql.execute(query, row).lastrowid or 0)

"""Accounts at the sandbox, and its events signed and delivered as a test wants them."""

import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.account.models import Account
from gateway import inbox
from gateway.models import Event
from tests.sandbox_process import SandboxProcess

SECRET, OLD_SECRET = "whsec_the_new_one", "whsec_the_old_one"
WEBHOOK, CONNECT = "/webhooks/stripe/", "/webhooks/stripe/connect/"
CUSTOM = {
    "country": "US",
    "business_type": "company",
    "controller[stripe_dashboard][type]": "none",
    "controller[fees][payer]": "application",
    "controller[losses][payments]": "application",
    "controller[requirement_collection]": "application",
    "capabilities[transfers][requested]": "true",
    "capabilities[card_issuing][requested]": "true",
}


def create_account(sandbox: SandboxProcess, **params: str) -> str:
    """The id of a new connected account."""
    status, answer, _ = sandbox.api("POST", "/v1/accounts", {**CUSTOM, **params})
    assert status == 200, answer
    return answer["id"]


def update_account(sandbox: SandboxProcess, account: str, **metadata: object) -> None:
    """A change that makes an account.updated event."""
    params = {f"metadata[{name}]": str(value) for name, value in metadata.items()}
    status, answer, _ = sandbox.api("POST", f"/v1/accounts/{account}", params)
    assert status == 200, answer


def create_person(sandbox: SandboxProcess, account: str) -> str:
    """The id of a new person of the account."""
    params = {"first_name": "Ada", "relationship[owner]": "true"}
    status, answer, _ = sandbox.api("POST", f"/v1/accounts/{account}/persons", params)
    assert status == 200, answer
    return answer["id"]


def events_at_stripe(sandbox: SandboxProcess, account: str, kind: str = "") -> list[dict[str, Any]]:
    """The account's events as its Connect endpoint would be sent them, oldest first."""
    params = {"limit": "100", **({"type": kind} if kind else {})}
    listed = sandbox.api("GET", "/v1/events", params, account=account)[1]["data"]
    version = settings.STRIPE_API_VERSION
    return [{**event, "account": account, "api_version": version} for event in reversed(listed)]


def made_up(kind: str, data: dict[str, Any], account: str | None = None, **more: Any) -> dict[str, Any]:
    """An event payload that no Stripe ever sent."""
    event = {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "api_version": settings.STRIPE_API_VERSION,
        "created": int(time.time()),
        "data": {"object": data},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_1", "idempotency_key": None},
        "type": kind,
        **more,
    }
    return event | ({"account": account} if account else {})


def header(body: bytes, secret: str = SECRET, at: float | None = None) -> str:
    """Stripe-Signature for the body; wall time."""
    moment = int(time.time() if at is None else at)
    signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={signed}"


def deliver(payload: dict[str, Any], path: str = CONNECT, client: Client | None = None, **signed: Any) -> HttpResponse:
    """POST the event as Stripe does."""
    body = json.dumps(payload).encode()
    return post(body, header(body, **signed), path, client)


def post(body: bytes, signature: str, path: str = CONNECT, client: Client | None = None) -> HttpResponse:
    """POST any body with any signature."""
    client = client or Client(raise_request_exception=True)
    return client.post(path, body, content_type="application/json", headers={"Stripe-Signature": signature})


def receive(*payloads: dict[str, Any]) -> list[str]:
    """Store the events without HTTP; their ids."""
    stored = []
    for payload in payloads:
        body = json.dumps(payload).encode()
        stored.append(inbox.receive(body, header(body), "connect"))
    return stored


def state(event_id: str) -> str:
    """Where the event stands."""
    return Event.objects.get(pk=event_id).state


def later() -> None:
    """All back-offs are over."""
    Event.objects.update(next_try_at=None)


def calls(sandbox: SandboxProcess) -> list[str]:
    """The reads of accounts that the sandbox answered."""
    reads = (each["path"] for each in sandbox.traffic() if each.get("method") == "GET")
    return [path for path in reads if path.startswith("/v1/accounts")]


def turn(account: str) -> str:
    """The account's metadata.turn as the mirror has it."""
    return Account.objects.get(pk=account).data["metadata"]["turn"]


def updates(sandbox: SandboxProcess, account: str, number: int) -> list[dict[str, Any]]:
    """That many account.updated events, a second apart."""
    known = {event["id"] for event in events_at_stripe(sandbox, account)}
    for turned in range(number):
        sandbox.control("clock", {"advance": "2s"})
        update_account(sandbox, account, turn=turned)
    return [event for event in events_at_stripe(sandbox, account, "account.updated") if event["id"] not in known]

"""Our two webhook endpoints at Stripe, and the secrets that sign what they deliver.

An endpoint's api_version is fixed when it is made, and only that answer shows its secret
(https://docs.stripe.com/api/webhook_endpoints). So its metadata hold a digest of the secret that we kept: an endpoint
whose digest does not match is of no use to us and is replaced.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from gateway import client, nouns

KINDS = {"platform": "/webhooks/stripe/", "connect": "/webhooks/stripe/connect/"}
SETTINGS = {"platform": "STRIPE_WEBHOOK_SECRETS", "connect": "STRIPE_CONNECT_WEBHOOK_SECRETS"}
KEPT = 2  # the new secret and the one before it, which deliveries under way still carry
DIGEST = "secret_sha256"
TRIES = 3


class SecretLost(Exception):  # noqa: N818  (named after what happened)
    """The endpoint is there and nobody here knows its secret."""


@dataclass(frozen=True)
class Registered:
    """An endpoint as it stands after register(): `did` is "made", "replaced", "updated" or "kept"."""

    kind: str
    id: str
    url: str
    did: str
    secrets: list[str]  # newest first


def secrets(kind: str) -> list[str]:
    """The kind's signing secrets, newest first: from the settings, in the sandbox else from the file in VAR_DIR."""
    named: list[str] = getattr(settings, SETTINGS[kind])
    path = secret_file(kind)
    return named or (path.read_text("utf-8").split() if settings.SANDBOX and path.exists() else [])


def secret_file(kind: str) -> Path:
    """Where the sandbox's secrets are kept, one a line, newest first."""
    return Path(settings.VAR_DIR) / f"webhook_secret_{kind}"


def url(kind: str) -> str:
    """Where Stripe delivers."""
    return f"{settings.CONSOLE_URL}{KINDS[kind]}"


def register(kind: str, *, keep: Callable[[str, list[str]], None], roll: bool = False) -> Registered:
    """Make Stripe deliver our types in our version to our address; safe to repeat.

    `keep(kind, secrets)` is called with a new secret before the endpoint that it replaces is removed. `roll` replaces
    an endpoint whose secret nobody knows; without it that raises SecretLost. Raises Refused, Unreachable.
    """
    pages = client.pages("/v1/webhook_endpoints", account=None)
    ours = [endpoint for page in pages for endpoint in page.data["data"] if endpoint["url"] == url(kind)]
    current = [endpoint for endpoint in ours if endpoint["api_version"] == settings.STRIPE_API_VERSION]
    digests = [_digest(secret) for secret in secrets(kind)]
    known = [endpoint for endpoint in current if endpoint["metadata"].get(DIGEST) in digests]
    if current and not known and not roll:
        raise SecretLost(current[0]["id"])
    done = _update(kind, known[0]) if known else _make(kind, keep, "replaced" if ours else "made")
    for endpoint in ours:
        if endpoint["id"] != done.id:
            client.delete(f"/v1/webhook_endpoints/{endpoint['id']}", account=None, key=str(uuid4()))
    return done


def keep_in_file(kind: str, values: list[str]) -> None:
    """Replace the kind's file in VAR_DIR in one step; at no time can anybody but its owner read it."""
    path = secret_file(kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:  # made with mode 0600
        file.write("".join(f"{value}\n" for value in values))
    os.replace(file.name, path)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def _make(kind: str, keep: Callable[[str, list[str]], None], did: str) -> Registered:
    params = {
        "url": url(kind),
        "enabled_events": nouns.event_types(),
        "api_version": settings.STRIPE_API_VERSION,
        "connect": kind == "connect",
        "description": f"Console, {kind} events",
    }
    made = _post("/v1/webhook_endpoints", params)
    kept = [made["secret"], *secrets(kind)][:KEPT]
    keep(kind, kept)
    _post(f"/v1/webhook_endpoints/{made['id']}", {"metadata": {DIGEST: _digest(made["secret"])}})
    return Registered(kind, made["id"], made["url"], did, kept)


def _update(kind: str, endpoint: dict[str, Any]) -> Registered:
    same = endpoint["status"] == "enabled" and set(endpoint["enabled_events"]) == set(nouns.event_types())
    if not same:
        _post(f"/v1/webhook_endpoints/{endpoint['id']}", {"enabled_events": nouns.event_types(), "disabled": False})
    return Registered(kind, endpoint["id"], endpoint["url"], "kept" if same else "updated", secrets(kind))


def _post(path: str, params: dict[str, Any]) -> dict[str, Any]:
    """One write, tried again under the same key while its outcome is not known."""
    call = partial(client.post, path, params, account=None, key=str(uuid4()))
    return client.with_retries(call, tries=TRIES).data

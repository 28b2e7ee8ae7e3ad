"""Idempotency keys: what was answered is kept for 24 hours of the sandbox's clock and given again.

https://docs.stripe.com/api/idempotent_requests. The record is written in the transaction of the act itself.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.wire.faults import key_in_use
from sandbox.wire.parameters import Fields
from sandbox.world.errors import StripeError
from sandbox.world.store import Store

KEPT = 24 * 3600


@dataclass(frozen=True)
class Saved:
    """What was answered to the first request with a key."""

    digest: str
    status: int
    body: str
    request_id: str


def digest(method: str, path: str, fields: Fields) -> str:
    """A fingerprint of the request: the same for the same parameters, in whatever order they were sent."""
    plain = sorted(
        (name, value if isinstance(value, str) else hashlib.sha256(value.content).hexdigest()) for name, value in fields
    )
    return hashlib.sha256(json.dumps([method, path, plain]).encode()).hexdigest()


def check(key: str) -> None:
    """Raises StripeError for a key that is too long."""
    if len(key) > 255:
        words = f"Idempotency key too long; must be at most 255 characters: '{key[:20]}...'"
        raise StripeError(400, words, kind="idempotency_error")


def find(store: Store, account: str, key: str, fingerprint: str, now: int) -> Saved | None:
    """What is kept under the key. Raises StripeError when it was first used for another request."""
    store.sql.execute("DELETE FROM idempotency WHERE created <= ?", (now - KEPT,))
    query = "SELECT digest, status, body, request_id FROM idempotency WHERE account = ? AND key = ?"
    row = store.sql.execute(query, (account, key)).fetchone()
    if row is None:
        return None
    saved = Saved(*row)
    if saved.digest != fingerprint:
        raise StripeError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )
    return saved


def save(store: Store, account: str, key: str, saved: Saved, now: int) -> None:
    """Keep an answer under the key."""
    row = (account, key, saved.digest, saved.status, saved.body, saved.request_id, now)
    store.sql.execute("INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)", row)


class InFlight:
    """The keys whose first request is being carried out right now, each in its epoch: a reset frees them all."""

    def __init__(self) -> None:
        self.keys: set[tuple[threading.Event, str, str]] = set()
        self.lock = threading.Lock()

    @contextmanager
    def hold(self, epoch: threading.Event, account: str, key: str) -> Iterator[None]:
        """Hold the key. Raises StripeError 409 when another request holds it."""
        held = (epoch, account, key)
        with self.lock:
            if held in self.keys:
                raise key_in_use()
            self.keys.add(held)
        try:
            yield
        finally:
            with self.lock:
                self.keys.discard(held)

"""The sandbox's world: its clock, its store, and what happens later in it."""

import json
import logging
import secrets
import string
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.world import events
from sandbox.world.errors import world_ended
from sandbox.world.store import Store

Data = dict[str, Any]

log = logging.getLogger("sandbox")
API_VERSION = "2026-10-28.endive"
BASE62 = string.ascii_letters + string.digits

Task = Callable[["World", Data], None]
TASKS: dict[str, Task] = {}
SETTINGS: dict[str, Any] = {}


def new_id(prefix: str, length: int = 24) -> str:
    """`prefix` and an underscore, then `1` and random base62 characters as in Stripe's ids: `acct_1Nv0FGQ9RKHgCVdK`."""
    return f"{prefix}_1{''.join(secrets.choice(BASE62) for _ in range(length - 1))}"


def public(value: Any) -> Any:
    """A copy without the nouns' own memory (keys that begin with `_`), at any depth."""
    if isinstance(value, dict):
        return {name: public(item) for name, item in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [public(item) for item in value]
    return value


class World:
    """One platform's Stripe. Handlers, pages and tasks get it inside a transaction of the store.

    The way of an event to an endpoint: `emit` stores it with a delivery for each endpoint that gets it and notes their
    numbers in `made`; the thread that did so answers its client and then calls `Sandbox.send_made`, the one place that
    gives numbers to `Deliveries`, whose threads send what is due.

    `epoch` is an Event that a reset, or the end of the sandbox, sets; a reset puts a new one in its place. Code that
    takes time notes the epoch in which it begins, and changes things only inside `during`.
    """

    def __init__(self, store: Store, base_url: str = "") -> None:
        self.store, self.base_url = store, base_url
        self.epoch = threading.Event()
        self.offset = 0
        self.frozen: float | None = None
        self.next_due: float | None = None
        self.request: dict[str, str | None] = {"id": None, "idempotency_key": None}
        self.by_thread = threading.local()
        self.settings: dict[str, Any] = {}
        with store.transaction():
            self.load()

    def load(self) -> None:
        """Read clock, settings and platform back from the store; the first time, make the platform's id."""
        self.offset = self.store.meta("offset", 0)
        self.settings = {**SETTINGS, **self.store.meta("settings", {})}
        self.platform: str = self.store.meta("platform") or new_id("acct", 16)
        self.store.set_meta("platform", self.platform)
        self.next_due = self.first_due()

    def begin(self, at: int | None = None) -> None:
        """Forget everything but the platform; the clock begins at `at` (unix seconds), or is the wall's again."""
        with self.store.lock:
            with self.store.transaction():
                self.store.clear()
                if at is not None:
                    self.store.set_meta("offset", at - int(time.time()))
                self.load()
            self.made.clear()
            self.end()
            self.epoch = threading.Event()

    def end(self) -> None:
        """End the epoch: what is under way changes nothing any more, but for what holds the store now."""
        with self.store.lock:
            self.epoch.set()

    @contextmanager
    def during(self, epoch: threading.Event) -> Iterator[None]:
        """Alone with the world as long as it is in that epoch. Raises StripeError 503 when it has ended."""
        with self.store.lock:
            if epoch.is_set():
                raise world_ended()
            yield

    # The clock

    @property
    def precise(self) -> float:
        """The sandbox's time with fractions of a second; it stands still while a request or task is carried out."""
        return self.frozen if self.frozen is not None else time.time() + self.offset

    @property
    def now(self) -> int:
        """The sandbox's time in whole unix seconds."""
        return int(self.precise)

    @contextmanager
    def standing_still(self, at: float | None = None) -> Iterator[None]:
        """Let the clock stand at `at` (default: now) for everything inside."""
        before, self.frozen = self.frozen, self.precise if at is None else at
        try:
            yield
        finally:
            self.frozen = before

    def set_clock(self, target: int) -> None:
        """Move the clock forward to `target`; what falls due on the way happens at its own time, in order."""
        with self.store.lock:
            self.run_due(target)
            with self.store.transaction():
                self.offset += target - self.now
                self.store.set_meta("offset", self.offset)

    # What happens later

    def later(self, seconds: float, task: str, payload: Data) -> None:
        """Run the task of that name when the sandbox's clock has gone on by `seconds`. `payload` is JSON."""
        due = self.precise + seconds
        self.store.sql.execute(
            "INSERT INTO task (due, name, payload) VALUES (?, ?, ?)", (due, task, json.dumps(payload))
        )
        self.next_due = min(due, self.next_due or due)

    def first_due(self) -> float | None:
        """When the next task falls due, None when none waits."""
        row = self.store.sql.execute("SELECT min(due) FROM task").fetchone()
        return row[0] if row else None

    def run_due(self, until: float | None = None) -> None:
        """Carry out every task due by `until` (default: now), also those that tasks themselves add."""
        limit = self.precise if until is None else until
        with self.store.lock:
            while self.next_due is not None and self.next_due <= limit:
                self._run_next()

    def _run_next(self) -> None:
        with self.store.transaction():
            query = "SELECT seq, due, name, payload FROM task ORDER BY due, seq LIMIT 1"
            seq, due, name, payload = self.store.sql.execute(query).fetchone()
            self.store.sql.execute("DELETE FROM task WHERE seq = ?", (seq,))
            with self.standing_still(due), self.on_behalf_of(None, None):
                self._run(name, json.loads(payload))
            self.next_due = self.first_due()

    @contextmanager
    def carrying_out(self, request_id: str | None = None, key: str | None = None) -> Iterator[None]:
        """Carry out a request: after what fell due before it, in one transaction, with the clock standing still.

        What it does is undone when it raises. Its events name it as their cause, where it has an id.
        """
        self.run_due()
        with self.store.transaction(), self.standing_still(), self.on_behalf_of(request_id, key), self.attempt():
            yield

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a transaction that leaves nothing behind when it raises: no object, event, delivery or task."""
        made, due = len(self.made), self.next_due
        try:
            with self.store.savepoint():
                yield
        except BaseException:
            del self.made[made:]
            self.next_due = due
            raise

    def _run(self, name: str, payload: Data) -> None:
        try:
            with self.attempt():
                TASKS[name](self, payload)
        except Exception:  # one broken task must not stop the clock for all others
            log.exception("The task %s failed and is given up: %s", name, payload)

    # Events

    @property
    def made(self) -> list[int]:
        """Numbers of the deliveries that this thread has made and not yet handed on. A thread answers one client."""
        if not hasattr(self.by_thread, "made"):
            self.by_thread.made = []
        numbers: list[int] = self.by_thread.made
        return numbers

    @contextmanager
    def on_behalf_of(self, request_id: str | None, key: str | None) -> Iterator[None]:
        """Events made inside name this request as their cause; None: Stripe's own doing."""
        before, self.request = self.request, {"id": request_id, "idempotency_key": key}
        try:
            yield
        finally:
            self.request = before

    def emit(self, event_type: str, data: Data, *, account: str | None, previous: Data | None = None) -> Data:
        """Make an event about `data`, to be delivered when the answer has gone. Returns the event.

        `account` is the connected account it happened on, None for the platform's own; `previous` is
        `previous_attributes` of an `*.updated` event.
        """
        event = events.build(new_id("evt"), event_type, public(data), public(previous), request=self.request)
        event.update(created=self.now, api_version=API_VERSION)
        if account:
            event["account"] = account
        hearing = events.listeners(self.store, event_type, account)
        event["pending_webhooks"] = len(hearing)
        self.store.put("event", event, account)
        for owner, endpoint in hearing:
            self.made.append(events.insert_delivery(self.store, event, endpoint, owner, self.precise))
        return event

    @staticmethod
    def new_id(prefix: str, length: int = 24) -> str:
        """A new random id, `acct_1…`; `length` counts what follows the underscore."""
        return new_id(prefix, length)

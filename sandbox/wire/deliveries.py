"""Sending events to webhook endpoints: one thread for each endpoint, in order, with retries on the sandbox's clock.

Waiting deliveries are rows of the store, so a sandbox that was killed goes on where it stopped. An event may be sent
twice when the process dies between the endpoint's answer and our note of it, as with Stripe.
"""

import heapq
import http.client
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.wire.traffic import Traffic
from sandbox.world import events
from sandbox.world.errors import StripeError, world_ended
from sandbox.world.noun import setting
from sandbox.world.world import World

Data = dict[str, Any]

log = logging.getLogger("sandbox")
MODES = ("normal", "hold", "shuffle", "duplicate", "drop")
TIMEOUT = 10.0
LONGEST_GOODBYE = 1.0  # seconds that a reset waits for endpoints that were just sent something
IDLE = 30.0  # seconds after which the thread of an endpoint without deliveries ends
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "Accept": "*/*; q=0.5, application/xml",
    "Cache-Control": "no-cache",
}
# Seconds of the sandbox's clock after each failure; Stripe's own are hours (three tries in test mode).
setting("delivery_retries", [1, 5, 30, 120, 600])
# Shuffled deliveries wait up to this many seconds, so that later ones can overtake them.
setting("shuffle_window", 0.5)


@dataclass(order=True)
class Waiting:
    """A delivery in an endpoint's queue: first what is due first, then what was made first."""

    due: float
    seq: int
    endpoint: str = field(compare=False)


@dataclass(frozen=True)
class Parcel:
    """What one delivery sends: the event as the endpoint sees it, and where to; nothing when `epoch` has ended."""

    endpoint: Data
    event: Data
    owner: str | None
    account: str | None
    attempts: int
    epoch: threading.Event


class Deliveries:
    """All that is on its way to webhook endpoints."""

    def __init__(self, world: World, traffic: Traffic) -> None:
        self.world, self.traffic = world, traffic
        self.changed = threading.Condition()
        self.queues: dict[str, list[Waiting]] = {}
        self.busy: set[str] = set()
        self.recent: deque[Data] = deque(maxlen=200)
        self.mode, self.stopping = "normal", False

    def start(self) -> None:
        """Take up what an earlier process left waiting."""
        with self.world.store.lock:
            self.mode = self.world.store.meta("delivery_mode", "normal")
            rows = self.world.store.sql.execute("SELECT seq FROM delivery ORDER BY seq").fetchall()
        self.release([row[0] for row in rows])

    def release(self, numbers: list[int]) -> None:
        """Queue these deliveries, each for its endpoint's thread; their rows are in the store."""
        if not numbers:
            return
        with self.world.store.lock:
            if self.stopping:  # the store may be closed by now; the next start takes them up
                return
            marks = ",".join("?" * len(numbers))
            query = f"SELECT due, seq, endpoint FROM delivery WHERE seq IN ({marks}) ORDER BY seq"
            rows = self.world.store.sql.execute(query, numbers).fetchall()
        with self.changed:
            for row in rows:
                self._queue(Waiting(*row))
            self.changed.notify_all()

    def _queue(self, waiting: Waiting) -> None:
        if self.mode == "shuffle":
            waiting.due += random.uniform(0, self.world.settings["shuffle_window"])  # noqa: S311  (order, no secret)
        if waiting.endpoint not in self.queues:
            self.queues[waiting.endpoint] = []
            name = f"deliveries to {waiting.endpoint}"
            threading.Thread(target=self._work, args=(waiting.endpoint,), name=name, daemon=True).start()
        heapq.heappush(self.queues[waiting.endpoint], waiting)

    # Control

    def switch(self, mode: str) -> None:
        """Change the mode; what was held goes out when it is no longer `hold`."""
        with self.world.store.transaction():
            self.world.store.set_meta("delivery_mode", mode)
        with self.changed:
            self.mode = mode
            self.changed.notify_all()

    def wake(self) -> None:
        """Look at the clock again."""
        with self.changed:
            self.changed.notify_all()

    def clear(self) -> None:
        """Forget all that waits; the mode is normal again."""
        with self.changed:
            self.queues.clear()
            self.recent.clear()
            self.mode = "normal"
            self.changed.notify_all()

    def wait_for_those_sent(self) -> None:
        """Wait shortly for deliveries under way, so that endpoints do not take them for later ones."""
        with self.changed:
            sending = set(self.busy)
            self.changed.wait_for(lambda: not sending & self.busy, LONGEST_GOODBYE)

    def stop(self) -> None:
        """End the threads; what waits is in the store."""
        with self.changed:
            self.stopping = True
            self.changed.notify_all()

    def state(self, epoch: threading.Event, wait: float = 0.0) -> Data:
        """Mode, how many wait and how many of these are due or being sent. Waits up to `wait` seconds until none is.

        The end of the epoch ends the wait. They are counted in the store, where a delivery is before the answer to
        the request that caused it is sent.
        """
        end = time.monotonic() + wait
        while True:
            waiting, due = self._count()
            if self.mode == "hold" or not due or epoch.is_set() or time.monotonic() >= end:
                break
            with self.changed:
                self.changed.wait(0.05)
        with self.changed:
            return {"mode": self.mode, "waiting": waiting, "due": due, "recent": list(self.recent)}

    def _count(self) -> tuple[int, int]:
        with self.world.store.lock:
            query = "SELECT count(*), count(CASE WHEN due <= ? THEN 1 END) FROM delivery"
            waiting, due = self.world.store.sql.execute(query, (self.world.precise,)).fetchone()
        return waiting, due

    # Sending

    def _work(self, endpoint: str) -> None:
        """An endpoint's thread: waits for what is due, sends it, notes the outcome."""
        while (waiting := self._next(endpoint)) is not None:
            try:
                self._deliver(waiting)
            except StripeError:  # its world has ended: there is nobody left to tell, and nothing to note
                continue
            except Exception:  # one broken delivery must not end the thread; its row is taken up at the next start
                if not self.stopping:
                    log.exception("A delivery to %s failed", endpoint)
            finally:
                with self.changed:
                    self.busy.discard(endpoint)
                    self.changed.notify_all()

    def _next(self, endpoint: str) -> Waiting | None:
        """The next delivery that is due, None when the thread is no longer needed."""
        with self.changed:
            while not self.stopping and endpoint in self.queues:
                queue = self.queues[endpoint]
                left = queue[0].due - self.world.precise if queue and self.mode != "hold" else IDLE
                if left <= 0:
                    self.busy.add(endpoint)
                    return heapq.heappop(queue)
                if not self.changed.wait(left) and not queue:
                    self.queues.pop(endpoint, None)
        return None

    def _deliver(self, waiting: Waiting) -> None:
        parcel = self._parcel(waiting.seq)
        if parcel is None or self.mode == "drop":
            self._forget(waiting.seq)
            return
        status, error = self._send(parcel)
        if self.mode == "duplicate":
            self._send(parcel)
        with self.world.during(parcel.epoch):
            self._note(waiting, parcel, status, error)

    def _parcel(self, seq: int) -> Parcel | None:
        """What is to be sent; None when the endpoint is gone or disabled."""
        store = self.world.store
        query = "SELECT endpoint, event, owner, account, attempts FROM delivery WHERE seq = ?"
        with store.lock:
            row = store.sql.execute(query, (seq,)).fetchone()
            if row is None:
                return None
            endpoint = store.get("webhook_endpoint", row[0], row[2] or None)
            event = store.get("event", row[1], row[3] or None)
            epoch = self.world.epoch
        if endpoint is None or event is None or endpoint["status"] != "enabled":
            return None
        return Parcel(endpoint, event, row[2] or None, row[3] or None, row[4], epoch)

    def _send(self, parcel: Parcel) -> tuple[int, str]:
        """POST the event once: (status, "") or (0, why there was no answer). It is on record either way.

        Raises StripeError when its world has ended.
        """
        body = events.payload(parcel.event, parcel.endpoint)
        signed = events.signature(body, parcel.endpoint["_secret"], int(time.time()))
        headers = {**HEADERS, "Stripe-Signature": signed}
        status, error = post(parcel.endpoint["url"], body, headers, self._sending(parcel.epoch))
        about = {"endpoint": parcel.endpoint["id"], "attempt": parcel.attempts + 1, "status": status, "error": error}
        with self.world.during(parcel.epoch), self.changed:
            self.traffic.add(about, ("event", body.decode()), self.world.settings["traffic_file"])
            self.recent.append({"event": parcel.event["id"], "type": parcel.event["type"], **about})
        return status, error

    @contextmanager
    def _sending(self, epoch: threading.Event) -> Iterator[None]:
        """While the bytes go out, which `clear` waits for. Raises StripeError when the epoch has ended."""
        with self.changed:
            if epoch.is_set():
                raise world_ended()
            yield

    def _note(self, waiting: Waiting, parcel: Parcel, status: int, error: str) -> None:
        delays = self.world.settings["delivery_retries"]
        if 200 <= status < 300:
            self._arrived(waiting.seq, parcel)
        elif parcel.attempts >= len(delays):
            self._forget(waiting.seq)
        else:
            self._again(waiting, self.world.precise + delays[parcel.attempts])

    def _arrived(self, seq: int, parcel: Parcel) -> None:
        store = self.world.store
        with store.transaction():
            store.sql.execute("DELETE FROM delivery WHERE seq = ?", (seq,))
            event = store.get("event", parcel.event["id"], parcel.account)
            if event is not None:
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
                store.put("event", event, parcel.account)

    def _forget(self, seq: int) -> None:
        with self.world.store.transaction():
            self.world.store.sql.execute("DELETE FROM delivery WHERE seq = ?", (seq,))

    def _again(self, waiting: Waiting, due: float) -> None:
        with self.world.store.transaction():
            query = "UPDATE delivery SET attempts = attempts + 1, due = ? WHERE seq = ?"
            kept = self.world.store.sql.execute(query, (due, waiting.seq)).rowcount
        if kept:
            with self.changed:
                self._queue(Waiting(due, waiting.seq, waiting.endpoint))


def post(url: str, body: bytes, headers: dict[str, str], sending: AbstractContextManager[None]) -> tuple[int, str]:
    """POST to an http(s) address, following no redirect: (status, "") or (0, the reason) without an answer.

    The bytes go out inside `sending`; what it raises is raised.
    """
    parts = urlsplit(url)
    kind: Any = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with closing(kind(parts.hostname or "", parts.port, timeout=TIMEOUT)) as connection:
            connection.connect()
            with sending:
                connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read(64 * 1024)
            return answer.status, ""
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 0, f"{type(error).__name__}: {error}"

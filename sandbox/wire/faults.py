"""Misbehaviour on demand: what `POST /_sandbox/faults` orders, and the optional rate limit."""

import re
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from sandbox.world.errors import StripeError

BEFORE = {"429", "409", "500", "503", "reset_before", "500_replayed_undone"}
AFTER = {"500_after", "500_replayed", "reset_after"}
SLOW = re.compile(r"(slow|slow_after):(\d+(?:\.\d+)?)")
ABOUT = """Each fault is {"match": "POST /v1/accounts", "times": 1, "fault": "..."}: the first that matches is taken.
429, 409, 500, 503   refused before anything is done (429 takes "retry_after", seconds)
500_after            done, answered 500 once; the same key then gives the real answer
500_replayed         done, but 500 is stored under the key and replayed
500_replayed_undone  nothing done, 500 is stored under the key and replayed
reset_before         the connection is reset, nothing is done
reset_after          done, then the connection is reset
slow:3, slow_after:3 waits 3 seconds before, or after, doing it
In "match", * stands for anything and {id} for one part of the path."""


@dataclass
class Fault:
    """One order to misbehave, `times` times, on requests whose `METHOD /path` matches."""

    match: str
    times: int
    fault: str
    retry_after: float | None = None

    def fits(self, method: str, path: str) -> bool:
        """Whether this request is meant."""
        pattern = re.escape(self.match).replace(r"\*", ".*")
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
        return re.fullmatch(pattern, f"{method} {path}") is not None

    @property
    def delay(self) -> tuple[str, float]:
        """`("slow" | "slow_after" | "", seconds)`."""
        found = SLOW.fullmatch(self.fault)
        return (found[1], float(found[2])) if found else ("", 0.0)

    def refusal(self) -> StripeError | None:
        """The error with which the request is answered instead of being carried out."""
        if self.fault == "429":
            return rate_limited(self.retry_after)
        if self.fault == "409":
            return key_in_use()
        if self.fault == "503":
            return StripeError(503, "Stripe is temporarily unavailable. Please try again later.", kind="api_error")
        return broken() if self.fault == "500" else None


NO_FAULT = Fault("", 0, "")


def parse(orders: Any) -> list[Fault]:
    """The faults of a control request. Raises ValueError saying what is wrong."""
    if not isinstance(orders, list) or not all(isinstance(order, dict) for order in orders):
        raise ValueError(f"Send a list of faults.\n{ABOUT}")
    return [_parse_one(order) for order in orders]


def _parse_one(order: dict[str, Any]) -> Fault:
    if unknown := set(order) - {"match", "times", "fault", "retry_after"}:
        raise ValueError(f"Unknown in a fault: {', '.join(sorted(unknown))}.\n{ABOUT}")
    fault, times = str(order.get("fault", "")), order.get("times", 1)
    if fault not in BEFORE | AFTER and not SLOW.fullmatch(fault):
        raise ValueError(f"There is no fault {fault!r}.\n{ABOUT}")
    if not isinstance(times, int) or times < 1 or not isinstance(order.get("match", "*"), str):
        raise ValueError(f"`times` is a number from 1, `match` a text.\n{ABOUT}")
    return Fault(order.get("match", "*"), times, fault, order.get("retry_after"))


class Faults:
    """The faults still to happen, in order, and the rate limit per account."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.lock = threading.Lock()
        self.calls: dict[str, deque[float]] = defaultdict(deque)

    def order(self, faults: list[Fault]) -> None:
        """Replace what was ordered; an empty list ends all misbehaviour."""
        with self.lock:
            self.waiting = faults

    def clear(self) -> None:
        """End all misbehaviour and forget the calls that were counted."""
        with self.lock:
            self.waiting = []
            self.calls.clear()

    def take(self, method: str, path: str) -> Fault:
        """The fault for this request, counted down; NO_FAULT when it may go well."""
        with self.lock:
            for fault in self.waiting:
                if fault.fits(method, path):
                    fault.times -= 1
                    self.waiting = [each for each in self.waiting if each.times > 0]
                    return fault
        return NO_FAULT

    def shown(self) -> list[dict[str, Any]]:
        """What still waits, as it was ordered."""
        with self.lock:
            return [{"match": fault.match, "times": fault.times, "fault": fault.fault} for fault in self.waiting]

    def count(self, account: str, limit: float) -> None:
        """Count a call of the account; raises StripeError 429 above `limit` calls in any second. 0: no limit."""
        if not limit:
            return
        with self.lock:
            calls, at = self.calls[account], time.monotonic()
            while calls and calls[0] <= at - 1:
                calls.popleft()
            if len(calls) >= limit:
                raise rate_limited(None)
            calls.append(at)


def rate_limited(retry_after: float | None) -> StripeError:
    """429 `rate_limit`."""
    headers = {"Stripe-Rate-Limited-Reason": "global-rate"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    words = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
    return StripeError(429, words, code="rate_limit", headers=headers)


def key_in_use() -> StripeError:
    """409 `idempotency_key_in_use`: the first request with this key is still being carried out."""
    words = "There is currently another in-progress request using this Stripe account and idempotency key."
    return StripeError(409, words, kind="idempotency_error", code="idempotency_key_in_use")


def broken() -> StripeError:
    """500 `api_error`."""
    return StripeError(500, "Sorry! There was an error while talking to Stripe. Please try again.", kind="api_error")

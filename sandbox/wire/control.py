"""The sandbox's own controls under /_sandbox/: clock, reset, faults, deliveries, traffic, settings."""

import json
import re
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from sandbox.wire import faults as fault_orders
from sandbox.wire.api import Answer, Request
from sandbox.wire.deliveries import MODES, Deliveries
from sandbox.wire.faults import Faults
from sandbox.wire.traffic import Traffic
from sandbox.world.noun import CONTROLS, UNITS, ControlHandler
from sandbox.world.world import SETTINGS, World, public

EARLIEST, FURTHEST = 946_684_800, 4_102_444_800  # the years 2000 and 2100


class MistakeError(ValueError):
    """A control request that makes no sense, in words for whoever sent it."""


class Control:
    """The controls that no Stripe has, such as moving the clock."""

    def __init__(self, world: World, faults: Faults, deliveries: Deliveries, traffic: Traffic) -> None:
        self.world, self.faults, self.deliveries, self.traffic = world, faults, deliveries, traffic
        self.actions: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "clock"): lambda _: {"now": self.world.now},
            ("POST", "clock"): self.move_clock,
            ("POST", "reset"): self.reset,
            ("GET", "faults"): lambda _: self.faults.shown(),
            ("POST", "faults"): self.order_faults,
            ("GET", "deliveries"): self.show_deliveries,
            ("POST", "deliveries"): self.switch_deliveries,
            ("GET", "settings"): lambda _: self.world.settings,
            ("POST", "settings"): self.change_settings,
            ("POST", "copy"): self.copy_store,
        }

    def answer(self, request: Request) -> Answer:
        """The answer to a request for `/_sandbox/…`: JSON, or JSON lines for the traffic."""
        name = request.path.removeprefix("/_sandbox/").strip("/")
        if (request.method, name) == ("GET", "traffic"):
            lines = "".join(f"{line}\n" for line in self.traffic.lines())
            return Answer(200, lines.encode(), {"Content-Type": "application/x-ndjson"})
        action = self.actions.get((request.method, name)) or self.of_noun(request.method, name)
        if action is None:
            known = ", ".join(f"{method} /_sandbox/{path}" for method, path in [*self.actions, ("GET", "traffic")])
            return answer_json(404, {"error": f"There is no {request.method} {request.path}. There are: {known}."})
        try:
            return answer_json(200, action(request))
        except ValueError as error:
            return answer_json(400, {"error": str(error)})

    def of_noun(self, method: str, name: str) -> Callable[[Request], Any] | None:
        """The control that a noun registered for `accounts/acct_1…`, as an action."""
        prefix, _, object_id = name.partition("/")
        handler = CONTROLS.get(prefix) if method == "POST" and object_id else None
        return partial(self._control, handler, object_id) if handler else None

    def _control(self, handler: ControlHandler, object_id: str, request: Request) -> Any:
        body = read(request)
        with self.world.during(request.epoch), self.world.carrying_out():
            return public(handler(self.world, object_id, body))

    def move_clock(self, request: Request) -> Any:
        """`{"advance": "29d"}` or `{"set": unix}`, forward only; what falls due on the way has happened then."""
        body = read(request)
        with self.world.during(request.epoch):
            target = clock_target(body, self.world.now)
            self.world.set_clock(target)
        if not self.world.made:  # else those wake the threads, so that no later try overtakes them
            self.deliveries.wake()
        return {"now": self.world.now}

    def reset(self, request: Request) -> Any:
        """Forget everything but which platform this is; clock, settings, faults and deliveries are as at first.

        With `{"now": unix}` the new world's clock starts at that time, past or future. When this has returned, nothing
        that began before can change anything.
        """
        start = beginning(read(request))
        with self.world.during(request.epoch):
            self.world.begin(start)
            self.faults.clear()
            self.deliveries.clear()
            self.traffic.clear()
            request.epoch = self.world.epoch  # the one request that belongs to the new world
            begun = {"now": self.world.now, "platform": self.world.platform}
        self.deliveries.wait_for_those_sent()
        return begun

    def order_faults(self, request: Request) -> Any:
        """Replace the faults that wait."""
        ordered = fault_orders.parse(read(request, list))
        with self.world.during(request.epoch):
            self.faults.order(ordered)
        return self.faults.shown()

    def show_deliveries(self, request: Request) -> Any:
        """Mode and numbers; `?wait=5` first waits up to 5 s until all that is due was tried."""
        given = parse_qs(request.query).get("wait", ["0"])[-1]
        if not re.fullmatch(r"\d{1,3}(\.\d+)?", given):
            raise MistakeError("`wait` is a number of seconds.")
        return self.deliveries.state(request.epoch, float(given))

    def switch_deliveries(self, request: Request) -> Any:
        """`{"mode": "normal"|"hold"|"shuffle"|"duplicate"|"drop"}`."""
        mode = read(request).get("mode")
        if mode not in MODES:
            raise MistakeError(f"`mode` is one of {', '.join(MODES)}.")
        with self.world.during(request.epoch):
            self.deliveries.switch(mode)
        return self.deliveries.state(request.epoch)

    def copy_store(self, request: Request) -> Any:
        """Copy the store into a new file beside it, which the caller takes away."""
        read(request)
        try:
            return {"file": str(self.world.store.copy())}
        except (sqlite3.Error, OSError) as error:
            raise MistakeError(f"The store cannot be copied: {error}") from error

    def change_settings(self, request: Request) -> Any:
        """Change some settings; null gives one its default back."""
        given = read(request)
        for name, value in given.items():
            if name not in SETTINGS:
                raise MistakeError(f"There is no setting {name!r}. There are: {', '.join(sorted(SETTINGS))}.")
            if value is not None and not fits(value, SETTINGS[name]):
                raise MistakeError(
                    f"{name} is a {type(SETTINGS[name]).__name__}, as in its default {SETTINGS[name]!r}."
                )
        with self.world.during(request.epoch), self.world.store.transaction():
            kept = {**self.world.store.meta("settings", {}), **given}
            self.world.store.set_meta("settings", {name: value for name, value in kept.items() if value is not None})
            self.world.load()
        return self.world.settings


def fits(value: Any, default: Any) -> bool:
    """Whether a setting may take the value: of its default's type, any number for a number, anything for None."""
    if default is None:
        return True
    numbers = isinstance(default, int | float) and not isinstance(default, bool)
    if numbers:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    if isinstance(default, list):
        return isinstance(value, list) and all(fits(item, default[0]) for item in value)
    return isinstance(value, type(default))


def beginning(body: dict[str, Any]) -> int | None:
    """The unix second at which a reset lets its world begin; None: now. Raises MistakeError."""
    start = body.get("now")
    if body.keys() - {"now"} or (start is not None and type(start) is not int):
        raise MistakeError('Send nothing, or {"now": unix seconds} for a world that begins at another time.')
    if start is not None and not EARLIEST <= start <= FURTHEST:
        raise MistakeError("A world begins between 2000 and 2100.")
    return start


def clock_target(body: dict[str, Any], now: int) -> int:
    """The unix second that a clock request means. Raises MistakeError."""
    target = None
    if set(body) == {"advance"}:
        match = re.fullmatch(r"(\d{1,9})([smhdw]?)", str(body["advance"]), re.ASCII)
        target = now + int(match[1]) * UNITS[match[2] or "s"] if match else None
    elif set(body) == {"set"} and type(body["set"]) is int:
        target = int(body["set"])
    if target is None:
        raise MistakeError('Send {"advance": "29d"} (s, m, h, d, w) or {"set": unix seconds}.')
    if target < now or target > FURTHEST:
        raise MistakeError(f"The clock only goes forward, and not beyond 2100: it is {now}.")
    return target


def read(request: Request, kind: type = dict) -> Any:
    """The JSON body, an object (or a list); an empty body is an empty one. Raises MistakeError."""
    try:
        body = json.loads(request.body) if request.body else kind()
    except (ValueError, RecursionError) as error:
        raise MistakeError(f"The body is not JSON: {error}") from error
    if not isinstance(body, kind):
        raise MistakeError(f"Send a JSON {'object' if kind is dict else 'list'}.")
    return body


def answer_json(status: int, body: Any) -> Answer:
    """An answer of the sandbox's own."""
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", "Cache-Control": "no-store"})

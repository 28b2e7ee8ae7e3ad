"""The one place that knows Stripe's key, version and address. Raw dicts in, raw dicts out.

One attempt a call: the library's own retries are off, because whoever calls stores and counts each try. Nothing here
logs a key, a parameter or a body.
"""

import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import requests
import stripe
import urllib3.exceptions
from django.conf import settings
from django.db import connection

from gateway import budget, clock
from gateway.errors import Refused, Unreachable

# The library would write an id of this machine to the home directory, send timings, and print parameters to stderr
# when STRIPE_LOG is set; below WARNING it and urllib3 log addresses and bodies.
stripe.enable_telemetry = False
stripe.log = None
stripe._util.STRIPE_LOG = None
for _name in ("stripe", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)

PATH = re.compile(r"/v1(/[A-Za-z0-9_.:-]+)+", re.ASCII)
# What the platform writes in its own name; every other write needs a connected account.
PLATFORM_WRITES = ("accounts", "account_links", "account_sessions", "webhook_endpoints")
DECLINE_FIELDS = ("decline_code", "network_decline_code", "network_advice_code", "advice_code")
CONNECT_SECONDS = 3.0
ROOM_SECONDS = 2.0  # a person would rather read "busy" than wait for a free place
REFRESH_SECONDS = 60.0


class NoAccount(Exception):  # noqa: N818  (a programming error, named after what is missing)
    """A write that is not the platform's own was made without naming the connected account."""


class InsideTransaction(Exception):  # noqa: N818  (a programming error, named after what is wrong)
    """A call was made inside atomic(): no transaction stays open round a call to Stripe."""


@dataclass(frozen=True)
class Answer:
    """What Stripe answered with 2xx.

    `sent_at`: whole second of Stripe's clock when the request left. `replayed`: Stripe repeated its stored answer for
    the idempotency key, so `data` shows the object as it was after the first try, however long ago that is.
    """

    data: dict[str, Any]
    sent_at: int
    request_id: str
    replayed: bool


def get(
    path: str, params: Mapping[str, Any] | None = None, *, account: str | None, timeout: float | None = None
) -> Answer:
    """Read. `account` is the connected account whose view is asked for, None the platform's own."""
    return _call("get", path, params, account=account, timeout=timeout)


def post(
    path: str,
    params: Mapping[str, Any] | None = None,
    *,
    account: str | None,
    key: str,
    timeout: float | None = None,
) -> Answer:
    """Create, change or act, once for each idempotency `key`. A value of None in `params` unsets the field."""
    return _call("post", path, params, account=account, key=key, timeout=timeout)


def delete(path: str, *, account: str | None, key: str, timeout: float | None = None) -> Answer:
    """Delete the object."""
    return _call("delete", path, None, account=account, key=key, timeout=timeout)


def pages(
    path: str, params: Mapping[str, Any] | None = None, *, account: str | None, after: str = ""
) -> Iterator[Answer]:
    """Each page of a list, 100 objects a page, newest first; one call a page. Resumes behind the id `after`."""
    while True:
        asked = {**(params or {}), "limit": 100} | ({"starting_after": after} if after else {})
        page = get(path, asked, account=account)
        yield page
        objects = page.data.get("data")
        if not page.data.get("has_more") or not objects:
            return
        after = objects[-1]["id"]


def refresh_clock() -> None:
    """Ask Stripe for anything small when it has not answered for a minute, so that a moved sandbox clock shows."""
    if clock.answered_ago() >= REFRESH_SECONDS:
        get("/v1/account", account=None)


def _call(
    method: str,
    path: str,
    params: Mapping[str, Any] | None,
    *,
    account: str | None,
    key: str = "",
    timeout: float | None = None,
) -> Answer:
    _check(method, path, account, key)
    deadline = time.monotonic() + (timeout or settings.STRIPE_TIMEOUT)
    with _room():
        budget.take()
        return _exchange(method, path, _wire(params or {}), account, key, deadline - time.monotonic())


def _check(method: str, path: str, account: str | None, key: str) -> None:
    """Stop what must never reach the network."""
    if not PATH.fullmatch(path) or ".." in path:
        raise ValueError(f"not a path of Stripe's API: {path!r}")
    if any(not block._from_testcase for block in connection.atomic_blocks):
        raise InsideTransaction(f"{method} {path}")
    if method == "get":
        return
    if not key:
        raise ValueError(f"a write needs an idempotency key: {method} {path}")
    if account is None and path.split("/")[2] not in PLATFORM_WRITES:
        raise NoAccount(f"{method} {path}")


def _wire(value: Any) -> Any:
    """Values as the form encoder must get them: None unsets, booleans in lists are lower-case too."""
    if isinstance(value, Mapping):
        return {name: _wire(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_wire(part) for part in value]
    if isinstance(value, date):
        raise TypeError("Stripe takes unix seconds, not dates")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _exchange(method: str, path: str, params: dict[str, Any], account: str | None, key: str, seconds: float) -> Answer:
    client, session = _connection()
    session.timeout = (min(CONNECT_SECONDS, max(seconds, 1.0)), max(seconds, 1.0))
    options: Any = {"stripe_account": account, "idempotency_key": key or None}
    sent_wall = time.time()
    estimate = int(sent_wall + clock.offset())
    try:
        # The public raw_request takes parameters called `headers` or `base` for its own and is not total: an error
        # that is no dict ends in an AttributeError. Beneath it stands the bare exchange.
        body, status, headers = client._requestor.request_raw(
            method, path, params, options, base_address="api", api_mode="V1"
        )
    except stripe.APIConnectionError as error:
        raise _no_answer(error) from None  # the chain would carry the address with its parameters into logs
    return _read(body, status, headers, sent_wall, estimate)


def _no_answer(error: stripe.APIConnectionError) -> Unreachable:
    """What is known when nothing came back; certain that nothing was sent only before a connection stood."""
    cause = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause and cause.args else None
    unsent = (requests.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
    sent = not isinstance(cause, unsent) and not isinstance(reason, urllib3.exceptions.NewConnectionError)
    if isinstance(cause, requests.Timeout):
        return Unreachable("Stripe did not answer in time.", sent=sent)
    return Unreachable(f"Stripe could not be reached ({type(cause).__name__}).", sent=sent)


def _read(body: Any, status: int, headers: Mapping[str, str], sent_wall: float, estimate: int) -> Answer:
    request_id = headers.get("Request-Id", "")
    took = int(time.time() - sent_wall)
    if request_id:  # else it is not Stripe's own, but of something on the way
        clock.note(headers.get("Date", ""), sent_wall)
    data = _parse(body)
    replayed = headers.get("Idempotent-Replayed", "").lower() == "true"
    if 200 <= status < 300 and isinstance(data.get("object"), str):
        return Answer(data, _sent_at(headers, took, estimate), request_id, replayed)
    error = data.get("error")
    if 400 <= status < 500 and status not in (409, 429) and isinstance(error, dict):
        raise _refused(error, status, request_id)
    raise Unreachable(
        _trouble(status),
        request_id=request_id,
        status=status,
        retry_after=_retry_after(headers),
        replayed=replayed and status >= 500,
    )


def _sent_at(headers: Mapping[str, str], took: int, estimate: int) -> int:
    """Our estimate, held within what the answer itself proves: it left at most `took` seconds before its Date."""
    answered = clock.parse_date(headers.get("Date", ""))
    return estimate if answered is None else min(answered, max(answered - took, estimate))


def _parse(body: Any) -> dict[str, Any]:
    """The JSON object in the body; {} for anything else (a proxy's page, a list, half an answer)."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _refused(error: dict[str, Any], status: int, request_id: str) -> Refused:
    def text(name: str) -> str:
        return str(error.get(name) or "")

    return Refused(
        text("message") or f"Stripe refused the request ({status}).",
        code=text("code"),
        param=text("param"),
        request_id=request_id,
        status=status,
        type=text("type"),
        decline={name: text(name) for name in DECLINE_FIELDS if error.get(name)},
    )


def _trouble(status: int) -> str:
    if status == 409:
        return "Stripe is still working on this very request (409)."
    if status == 429:
        return "Stripe asks us to slow down (429)."
    if status >= 500:
        return f"Stripe had an error of its own ({status})."
    return f"The answer is not one of Stripe's ({status})."


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of the Retry-After header, given as seconds or as a date."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", value, re.ASCII):
        return float(value)
    until, answered = clock.parse_date(value), clock.parse_date(headers.get("Date", ""))
    if until is None:
        return None
    return float(max(0, until - (answered or clock.timestamp())))


# --- Connections, and how many threads may hold one ---------------------------------------------------------------


class _Session(requests.Session):
    """One thread's kept-alive connections. Follows no redirect, asks no netrc, waits as long as it is told."""

    timeout: tuple[float, float] = (CONNECT_SECONDS, 10.0)  # seconds to connect, seconds between bytes

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request  # else a netrc entry would replace our key
        self.trust_env = not settings.SANDBOX  # no proxy on the way to our own machine

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: our key is for one address."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send with this call's timeouts."""
        return super().send(request, **kwargs | {"timeout": self.timeout})


_local = threading.local()
_rooms: dict[tuple[int, int], threading.BoundedSemaphore] = {}


def _connection() -> tuple[stripe.StripeClient, _Session]:
    """This thread's client. Made anew after a fork, which must not share a socket, and when the settings change."""
    made_for = (os.getpid(), settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY)
    if getattr(_local, "made_for", None) != made_for:
        session = _Session()
        client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            stripe_version=settings.STRIPE_API_VERSION,
            base_addresses={"api": settings.STRIPE_API_BASE},
            max_network_retries=0,
            http_client=stripe.RequestsClient(session=session),
        )
        _local.made_for, _local.connection = made_for, (client, session)
    return _local.connection


@contextmanager
def _room() -> Iterator[None]:
    """A place among the threads that may wait for Stripe: half of the process's, so that webhooks find one free."""
    limit = max(1, settings.THREADS // 2)
    room = _rooms.setdefault((os.getpid(), limit), threading.BoundedSemaphore(limit))
    if not room.acquire(timeout=ROOM_SECONDS):
        raise Unreachable("Too many calls to Stripe are under way here.", sent=False, retry_after=1.0)
    try:
        yield
    finally:
        room.release()

"""The one place that knows Stripe's key, version and address. Raw dicts in, raw dicts out.

One attempt a call: the library's own retries are off, because whoever calls stores and counts each try. Nothing here
logs a key, a parameter or a body.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import requests
import stripe
import urllib3.exceptions
from django.conf import settings
from django.db import connection as database

from gateway import budget, offset
from gateway.connection import connection, is_serving, room
from gateway.errors import Refused, Unreachable
from gateway.texts import storable

PATH = re.compile(r"/v1(/[A-Za-z0-9_.:-]+)+", re.ASCII)
# What the platform writes in its own name; every other write needs a connected account.
PLATFORM_WRITES = ("accounts", "account_links", "account_sessions", "webhook_endpoints")
DECLINE_FIELDS = ("decline_code", "network_decline_code", "network_advice_code", "advice_code")
UNSENT = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
SHORTEST_TRY = 1.0  # seconds left for the call itself, however long it had to wait for its turn
T = TypeVar("T")


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
    if path.endswith("/capabilities"):  # Stripe sends them whole and refuses to be asked for pages
        yield get(path, params, account=account)
        return
    while True:
        asked = {**(params or {}), "limit": 100} | ({"starting_after": after} if after else {})
        page = get(path, asked, account=account)
        last = _id_at(page, -1)
        yield page
        if not page.data.get("has_more"):
            return
        after = _further(page, last, after)


def newer_pages(path: str, *, account: str | None, before: str) -> Iterator[Answer]:
    """Each page of what a list has that is newer than the id `before`, the oldest page first; one call a page.

    So what is written page by page has no gap, wherever it is interrupted.
    """
    while True:
        page = get(path, {"limit": 100, "ending_before": before}, account=account)
        first = _id_at(page, 0)
        yield page
        if not page.data.get("has_more"):
            return
        before = _further(page, first, before)


def with_retries(call: Callable[[], T], *, tries: int) -> T:
    """What the call returns, made up to so many times while Stripe cannot be reached, with back-off between.

    Raises Unreachable after the last try, or where the same key would get the same answer again.
    """
    for number in range(1, tries):
        try:
            return call()
        except Unreachable as error:
            if error.replayed:
                raise
            time.sleep(error.wait(number))
    return call()


def _further(page: Answer, found: str, asked: str) -> str:
    """The id to go on from. Raises Unreachable for a page that leads nowhere."""
    if not found or found == asked:
        raise Unreachable("A list of Stripe's does not go on where it ended.", request_id=page.request_id, status=200)
    return found


def _id_at(page: Answer, place: int) -> str:
    """The id of the page's first (0) or last (-1) object; "" for an empty page. Raises Unreachable for no list."""
    objects = page.data.get("data")
    if isinstance(objects, list) and all(isinstance(each, dict) for each in objects):
        found = objects[place].get("id") if objects else ""
        if isinstance(found, str):
            return found
    raise Unreachable("The answer is not a list of Stripe's.", request_id=page.request_id, status=200)


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
    once = {"idempotency_key": key} if key else {}
    deadline = time.monotonic() + (timeout or settings.STRIPE_TIMEOUT)
    with room():
        # What only reads while nobody waits for the answer stands behind what a person waits for.
        used = budget.take(budget.READS if method == "get" and not is_serving() else budget.PERSON)
        if used.background:  # its wait for a slot is not a wait for Stripe
            deadline = time.monotonic() + (timeout or settings.STRIPE_TIMEOUT)
        stripe_client = connection(max(deadline - time.monotonic(), SHORTEST_TRY))
        return _exchange(stripe_client, method, path, _wire(params or {}), {"stripe_account": account, **once})


def _check(method: str, path: str, account: str | None, key: str) -> None:
    """Stop what must never reach the network."""
    if not PATH.fullmatch(path) or ".." in path:
        raise ValueError(f"not a path of Stripe's API: {path!r}")
    if inside_transaction():
        raise InsideTransaction(f"{method} {path}")
    if method == "get":
        return
    if not key:
        raise ValueError(f"a write needs an idempotency key: {method} {path}")
    if account is None and path.split("/")[2] not in PLATFORM_WRITES:
        raise NoAccount(f"{method} {path}")


def inside_transaction() -> bool:
    """Whether a transaction of this thread is open."""
    return database.in_atomic_block


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


def _exchange(
    stripe_client: stripe.StripeClient, method: str, path: str, params: dict[str, Any], options: Any
) -> Answer:
    sent_wall = time.time()
    estimate = int(sent_wall + offset.offset())
    try:
        # The public raw_request takes parameters called `headers` or `base` for its own and is not total: an error
        # that is no dict ends in an AttributeError. Beneath it stands the bare exchange.
        body, status, headers = stripe_client._requestor.request_raw(
            method, path, params, options, base_address="api", api_mode="V1"
        )
    except stripe.APIConnectionError as error:
        raise _no_answer(error) from None  # the chain would carry the address with its parameters into logs
    return _read(body, status, headers, sent_wall, estimate)


def _no_answer(error: stripe.APIConnectionError) -> Unreachable:
    """What is known when nothing came back; certain that nothing was sent only before a connection stood."""
    cause = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause and cause.args else None
    sent = not isinstance(cause, UNSENT) and not isinstance(reason, urllib3.exceptions.NewConnectionError)
    if isinstance(cause, requests.Timeout):
        return Unreachable("Stripe did not answer in time.", sent=sent)
    return Unreachable(f"Stripe could not be reached ({type(cause).__name__}).", sent=sent)


def _read(body: Any, status: int, headers: Mapping[str, str], sent_wall: float, estimate: int) -> Answer:
    request_id = headers.get("Request-Id", "")
    took = int(time.time() - sent_wall)
    if request_id:  # else it is not Stripe's own, but of something on the way
        offset.note(headers.get("Date", ""), sent_wall)
    data = _parse(body.content)
    replayed = headers.get("Idempotent-Replayed", "").lower() == "true"
    if 200 <= status < 300 and isinstance(data.get("object"), str):
        # Our estimate, held within what the answer itself proves: it left at most `took` seconds before its Date.
        answered = offset.parse_date(headers.get("Date", ""))
        sent_at = estimate if answered is None else min(answered, max(answered - took, estimate))
        return Answer(data, sent_at, request_id, replayed)
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


def _parse(content: bytes) -> dict[str, Any]:
    """The JSON object in the body, as it can be stored; {} for anything else (a proxy's page, half an answer)."""
    try:
        data = json.loads(content.decode("utf-8", "replace"))
        if isinstance(data, dict) and b"\\u" in content:  # else nothing in it could not be stored
            data = storable(data)
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
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value, re.ASCII):
        return float(value)
    until, answered = offset.parse_date(value), offset.parse_date(headers.get("Date", ""))
    if until is None:
        return None
    return float(max(0, until - (answered or int(time.time()))))

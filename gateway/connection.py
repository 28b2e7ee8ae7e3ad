"""Connections to Stripe: one kept alive for each thread, and a limit on how many threads may wait at once."""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import requests
import stripe
from django.conf import settings
from urllib3.util import Timeout

from gateway import addresses
from gateway.errors import Unreachable

CONNECT_SECONDS = 3.0
ROOM_SECONDS = 2.0  # a command or the worker waits so long for a free place; a thread of the web server not at all

# The library would write an id of this machine to the home directory, send timings, and print parameters to stderr
# when STRIPE_LOG is set; below WARNING it and urllib3 log addresses and bodies.
stripe.enable_telemetry = False
stripe.log = None
stripe._util.STRIPE_LOG = None
for _name in ("stripe", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Body:
    """The bytes of an answer, without a repr: the library would print them all for a log line that nobody reads."""

    def __init__(self, content: bytes) -> None:
        self.content = content


class Transport(stripe.RequestsClient):
    """The library's own transport, with the answer's body wrapped."""

    def request(self, *args: Any, **kwargs: Any) -> tuple[Any, int, Mapping[str, str]]:
        """One exchange: (Body, status, headers). Raises stripe.APIConnectionError."""
        content, status, headers = super().request(*args, **kwargs)
        return Body(content), status, headers


class Session(requests.Session):
    """One thread's kept-alive connections. Follows no redirect, asks no netrc, waits as long as it is told."""

    timeout = Timeout(total=10.0)

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request  # else a netrc entry would replace our key
        # Through a proxy TLS still ends at Stripe, so that it learns no key; to our own machine none is asked.
        self.trust_env = not addresses.is_here(settings.STRIPE_API_BASE)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: our key is for one address."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send with this call's timeouts."""
        return super().send(request, **kwargs | {"timeout": self.timeout})


_local = threading.local()
_rooms: dict[tuple[int, int], threading.BoundedSemaphore] = {}


def connection(seconds: float) -> stripe.StripeClient:
    """This thread's client, its next call answered within `seconds` or given up.

    Made anew after a fork, which must not share a socket, and when the settings change. Raises Unreachable (nothing
    sent) for an address that this mode may not send a key to, however the process was started.
    """
    if not addresses.allowed(settings.CONSOLE_MODE, settings.STRIPE_API_BASE):
        raise Unreachable(f"STRIPE_API_BASE is no address for {settings.CONSOLE_MODE} mode.", sent=False)
    made_for = (os.getpid(), settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY)
    if getattr(_local, "made_for", None) != made_for:
        _local.session = Session()
        _local.client = _client(_local.session)
        _local.made_for = made_for
    _local.session.timeout = Timeout(total=seconds, connect=min(CONNECT_SECONDS, seconds))
    client: stripe.StripeClient = _local.client
    return client


def _client(session: Session) -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses=cast("Any", addresses.of_each_host()),
        max_network_retries=0,
        http_client=Transport(session=session),
    )


_serving: ContextVar[bool] = ContextVar("serving", default=False)


@contextmanager
def serving() -> Iterator[None]:
    """Within, this thread serves a request: it never waits for a place, because webhooks wait for the thread."""
    token = _serving.set(True)
    try:
        yield
    finally:
        _serving.reset(token)


def is_serving() -> bool:
    """Whether this thread serves a request."""
    return _serving.get()


_counted: ContextVar[bool] = ContextVar("counted", default=False)


@contextmanager
def counted() -> Iterator[None]:
    """Within, this thread needs no place: it is one of so many that a command has started, and serves nobody."""
    token = _counted.set(True)
    try:
        yield
    finally:
        _counted.reset(token)


@contextmanager
def room() -> Iterator[None]:
    """A place among the threads that may wait for Stripe: half of the process's, so that webhooks find one free.

    Raises Unreachable (nothing sent) when none gets free in a short time; while serving, at once.
    """
    if _counted.get():
        yield
        return
    places = _places()
    if not places.acquire(timeout=0 if _serving.get() else ROOM_SECONDS):
        raise Unreachable("Too many calls to Stripe are under way here.", sent=False, retry_after=1.0)
    try:
        yield
    finally:
        places.release()


def crowded() -> bool:
    """Whether a call made now would be refused for want of a place: what can be left to the worker should be."""
    if not _serving.get():
        return False
    places = _places()
    if places.acquire(blocking=False):
        places.release()
        return False
    return True


def _places() -> threading.BoundedSemaphore:
    limit = max(1, settings.THREADS // 2)
    return _rooms.setdefault((os.getpid(), limit), threading.BoundedSemaphore(limit))

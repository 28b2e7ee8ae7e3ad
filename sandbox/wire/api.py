"""One API request from its bytes to its answer: who asks, for what, was it asked before, do it, remember it."""

import base64
import binascii
import logging
import os
import re
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode

from sandbox.wire import expand, idempotency, versions
from sandbox.wire.description import Description, Operation
from sandbox.wire.faults import Fault, Faults, broken
from sandbox.wire.idempotency import InFlight, Saved
from sandbox.wire.parameters import Fields, coerce, fields_of_body, fields_of_form, tree
from sandbox.wire.traffic import Traffic
from sandbox.world.errors import StripeError, mask, no_access
from sandbox.world.noun import ROUTES, Call, setting
from sandbox.world.text import indented
from sandbox.world.world import API_VERSION, World, new_id, public

Data = dict[str, Any]

log = logging.getLogger("sandbox")
ACCOUNT = re.compile(r"acct_\w{1,60}", re.ASCII)
KEY = re.compile(r"(sk|rk)_test_\w{1,200}", re.ASCII)
HELP = "Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
setting("rate_limit", 0)
# Every line of traffic is also appended here: a default from outside, so that it outlives a reset.
setting("traffic_file", os.environ.get("SANDBOX_TRAFFIC_FILE"))


@dataclass
class Request:
    """An HTTP request; header names are in lower case. `epoch` is the world's when it began.

    `translated`: all its fields in the values of our API version, where it said them in those of another.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    remote_ip: str = "127.0.0.1"
    epoch: threading.Event = field(default_factory=threading.Event)
    translated: Fields | None = None

    @property
    def target(self) -> str:
        """Path and query, as they were sent."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass
class Answer:
    """An HTTP answer. `reset`: cut the connection instead."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False


@dataclass
class Asked:
    """A request that has been let in: who asks for which operation on whose behalf, with which fields."""

    operation: Operation
    ids: dict[str, str]
    fields: Fields
    api_key: str
    api_version: str
    account: str | None
    key: str | None
    request_id: str
    epoch: threading.Event


@dataclass
class Done:
    """What came of it. `recorded`: what the record keeps in the place of a body that holds secrets."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    recorded: str = ""


class Api:
    """Everything under /v1/."""

    def __init__(self, world: World, description: Description, faults: Faults, traffic: Traffic) -> None:
        self.world, self.description, self.faults, self.traffic = world, description, faults, traffic
        self.in_flight = InFlight()

    def answer(self, request: Request) -> Answer:
        """The answer to the request. Raises StripeError 503 alone, when the world has ended meanwhile."""
        request_id = new_id("req", 14)
        with self.world.during(request.epoch):
            fault = self.faults.take(request.method, request.path)
        if fault.fault == "reset_before":
            return Answer(reset=True)
        with ExitStack() as until_answered:
            done = self._answer(request, request_id, fault, until_answered)
            if fault.delay[0] == "slow_after":
                request.epoch.wait(fault.delay[1])
        if fault.fault == "500_after":
            done = self._refused(request_id, request.headers.get("stripe-account"), broken())
        with self.world.during(request.epoch):
            self._record(request, request_id, done, lost=fault.fault == "reset_after")
            headers = {"Content-Type": "application/json", **self._headers(request, request_id), **done.headers}
        return Answer(done.status, done.body.encode(), headers, fault.fault == "reset_after")

    def _answer(self, request: Request, request_id: str, fault: Fault, until_answered: ExitStack) -> Done:
        try:
            if refusal := fault.refusal():
                raise refusal
            asked = self._let_in(request, request_id)
            if asked.key:
                until_answered.enter_context(self.in_flight.hold(asked.epoch, asked.account or "", asked.key))
            if fault.delay[0] == "slow":
                request.epoch.wait(fault.delay[1])
            return self._perform(asked, fault)
        except StripeError as error:
            return self._refused(request_id, request.headers.get("stripe-account"), error)
        except Exception:  # whatever goes wrong in here, a client sees Stripe's envelope
            log.exception("%s %s failed", request.method, request.path)
            return self._refused(request_id, request.headers.get("stripe-account"), broken())

    def _refused(self, request_id: str, account: str | None, error: StripeError) -> Done:
        """Stripe's envelope, with the page of its Dashboard on which the request would be found."""
        of = f"{account}/" if account and ACCOUNT.fullmatch(account) else ""
        log_url = f"https://dashboard.stripe.com/{of}test/logs/{request_id}?t={self.world.now}"
        return Done(error.status, indented(error.body(log_url)), dict(error.headers))

    # Letting in

    def _let_in(self, request: Request, request_id: str) -> Asked:
        found = self.description.find(request.method, request.path)
        if found is None or (found[0].method, found[0].template) not in ROUTES:
            raise StripeError(404, f"Unrecognized request URL ({request.method}: {request.path}). {HELP}")
        api_key = authenticate(request.headers.get("authorization", ""))
        version = request.headers.get("stripe-version", "")
        if version and not versions.is_known(self.description, version):
            raise StripeError(400, f"Invalid Stripe API version: {version[:60]}")
        with self.world.during(request.epoch):
            account = self._account(request.headers.get("stripe-account", ""), api_key)
            self.faults.count(account or "", float(self.world.settings["rate_limit"] or 0))
        given = fields_of_form(request.query)
        given += fields_of_body(request.headers.get("content-type", ""), request.body)
        fields = versions.in_our_words(found[0], version or API_VERSION, given)
        request.translated = None if fields == given else fields
        key = (request.headers.get("idempotency-key") or None) if found[0].method == "POST" else None
        if key:
            idempotency.check(key)
        return Asked(
            found[0], found[1], fields, api_key, version or API_VERSION, account, key, request_id, request.epoch
        )

    def _account(self, given: str, api_key: str) -> str | None:
        if not given or given == self.world.platform:
            return None
        if self.world.store.get("account", given) is None:
            raise no_access(api_key, given)
        return given

    # Doing

    def _perform(self, asked: Asked, fault: Fault) -> Done:
        if asked.key is None:
            return self._execute(asked, self._call(asked), fault, "")
        scope = asked.account or ""
        path = asked.operation.template.format(**asked.ids)
        fingerprint = idempotency.digest(asked.operation.method, path, asked.fields)
        with self.world.during(asked.epoch), self.world.store.transaction():
            saved = idempotency.find(self.world.store, scope, asked.key, fingerprint, self.world.now)
        if saved is not None:
            headers = {"Idempotent-Replayed": "true", "Original-Request": saved.request_id}
            return Done(saved.status, saved.body, {**headers, "Idempotency-Key": asked.key})
        return self._execute(asked, self._call(asked), fault, fingerprint)

    def _call(self, asked: Asked) -> Call:
        """The call with its parameters checked. What is refused here did not begin: its idempotency key stays free."""
        params = coerce(self.description, tree(asked.fields), asked.operation.parameters)
        expand.check(self.description, asked.operation, params.get("expand", []))
        operation = asked.operation
        path = operation.template.format(**asked.ids)
        return Call(
            method=operation.method,
            path=path,
            ids=asked.ids,
            params=params,
            account=asked.account,
            world=self.world,
            request_id=asked.request_id,
            idempotency_key=asked.key,
            api_version=asked.api_version,
            api_key=asked.api_key,
        )

    def _execute(self, asked: Asked, call: Call, fault: Fault, fingerprint: str) -> Done:
        world = self.world
        with world.during(asked.epoch):
            with world.carrying_out(asked.request_id, asked.key):
                done = self._run(asked, call, fault)
                if fingerprint and asked.key:
                    saved = Saved(fingerprint, done.status, done.body, asked.request_id)
                    idempotency.save(world.store, asked.account or "", asked.key, saved, world.now)
                    done.headers["Idempotency-Key"] = asked.key
            return done

    def _run(self, asked: Asked, call: Call, fault: Fault) -> Done:
        """Run the noun's handler; what it refuses or fails at leaves no trace but its answer."""
        if fault.fault == "500_replayed_undone":
            return self._refused(asked.request_id, asked.account, broken())
        try:
            with self.world.attempt():
                data = public(ROUTES[asked.operation.method, asked.operation.template](call))
                data = expand.apply(self.description, call, asked.operation, data, call.params.get("expand", []))
        except StripeError as error:
            return self._refused(asked.request_id, asked.account, error)
        except Exception:  # a noun's own mistake is Stripe's 500, with the noun's work undone
            log.exception("%s %s failed", call.method, call.path)
            return self._refused(asked.request_id, asked.account, broken())
        if fault.fault == "500_replayed":
            return self._refused(asked.request_id, asked.account, broken())
        shown = expand.masked(asked.operation, data)
        return Done(200, indented(data), recorded="" if shown is data else indented(shown))

    # Answering

    def _headers(self, request: Request, request_id: str) -> dict[str, str]:
        version, account = request.headers.get("stripe-version", ""), request.headers.get("stripe-account", "")
        headers = {
            "Date": formatdate(self.world.now, usegmt=True),
            "Request-Id": request_id,
            "Stripe-Version": version if versions.is_known(self.description, version) else API_VERSION,
            "Cache-Control": "no-cache, no-store",
        }
        if account == self.world.platform or self.world.store.seq("account", account, None) is not None:
            headers["Stripe-Account"] = account
        return headers

    def _record(self, request: Request, request_id: str, done: Done, *, lost: bool) -> None:
        record: dict[str, Any] = {
            "method": request.method,
            "path": request.path if request.translated else request.target,
            "request_form": form_text(request),
            "status": done.status,
            "request_id": request_id,
            "account": request.headers.get("stripe-account"),
            "idempotency_key": request.headers.get("idempotency-key"),
            "replayed": "Idempotent-Replayed" in done.headers,
            "lost": lost,
        }
        self.traffic.add(record, ("response", done.recorded or done.body), self.world.settings["traffic_file"])


def authenticate(header: str) -> str:
    """The test key of an `Authorization` header, Bearer or Basic. Raises StripeError 401 for anything else."""
    scheme, _, given = header.strip().partition(" ")
    key = given.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode("utf-8").partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    elif scheme.lower() != "bearer":
        key = ""
    if not key:
        raise _unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using"
            " Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication"
            " for details, or we can help at https://support.stripe.com/."
        )
    if key.startswith(("pk_test_", "pk_live_")):
        raise _unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list"
            " of your API keys at https://dashboard.stripe.com/account/apikeys.",
            "secret_key_required",
        )
    if not KEY.fullmatch(key):
        raise _unauthorized(f"Invalid API Key provided: {mask(key[:200])}")
    return key


def _unauthorized(message: str, code: str | None = None) -> StripeError:
    return StripeError(401, message, code=code, headers={"WWW-Authenticate": 'Bearer realm="Stripe"'})


def form_text(request: Request) -> str:
    """The fields as form text, for the record; of a file its name. The referee knows our version alone."""
    fields = request.translated
    if fields is None and not request.headers.get("content-type", "").lower().startswith("multipart/"):
        return request.body.decode("utf-8", "replace")
    try:
        fields = fields or fields_of_body(request.headers["content-type"], request.body)
    except StripeError:
        return ""
    return urlencode([(name, value if isinstance(value, str) else value.filename) for name, value in fields])

"""The HTTP server: requests in, one send per answer out, deliveries after that."""

import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import sandbox.hosted.pages  # noqa: F401  (registers the hosted form's pages)
from sandbox import nouns
from sandbox.wire import bodies, hosts, pages
from sandbox.wire.api import HELP, Answer, Api, Request
from sandbox.wire.control import Control
from sandbox.wire.deliveries import Deliveries
from sandbox.wire.description import Description
from sandbox.wire.faults import Faults
from sandbox.wire.hosts import Hosts
from sandbox.wire.traffic import Traffic
from sandbox.world.errors import StripeError, world_ended
from sandbox.world.store import Store
from sandbox.world.text import indented
from sandbox.world.world import World

log = logging.getLogger("sandbox")
TICK = 0.2
QUIET, LONGEST_HEARING = 1.0, 10.0  # seconds for which the rest of a refused request is taken
ONE_HOST = "Invalid request: send one Host header."


class Sandbox:
    """The whole sandbox behind one port, called by the names of this machine alone and by `allowed_hosts`."""

    def __init__(self, store: Path, host: str, port: int, allowed_hosts: Iterable[str] = ()) -> None:
        nouns.discover()
        self.hosts = Hosts([*allowed_hosts, *hosts.names_of_address(host)])
        self.server = Server((host, port), Handler)
        self.server.sandbox = self
        shown = hosts.plain_name(host) if hosts.names_of_address(host) else "127.0.0.1"
        self.world = World(Store(store), f"http://{shown}:{self.server.server_port}")
        self.faults, self.traffic = Faults(), Traffic()
        self.deliveries = Deliveries(self.world, self.traffic)
        self.api = Api(self.world, Description(), self.faults, self.traffic)
        self.control = Control(self.world, self.faults, self.deliveries, self.traffic)
        self.ending, self.answering = threading.Event(), threading.Lock()

    def start(self) -> None:
        """Answer requests, deliver events and run what falls due, each in threads of its own."""
        self.deliveries.start()
        threading.Thread(target=self.server.serve_forever, args=(0.1,), name="server", daemon=True).start()
        threading.Thread(target=self._tick, name="clock", daemon=True).start()

    def stop(self) -> None:
        """End it all; a transaction that has begun is finished first, what only waits to act is not."""
        self.ending.set()
        self.world.end()
        self.deliveries.stop()
        self.server.shutdown()
        self.server.server_close()
        self.world.store.close()

    def answer(self, request: Request) -> Answer:
        """The answer to any request, an error when its world has ended meanwhile; never an exception."""
        try:
            answer = self._route(request)
        except StripeError as error:
            return refusal(error)
        return refusal(world_ended()) if request.epoch.is_set() else answer

    def _route(self, request: Request) -> Answer:
        if request.path.startswith("/v1/"):
            return self.api.answer(request)
        if request.path.startswith("/_sandbox/"):
            return self.control.answer(request)
        handler = pages.find(request.method, request.path)
        if handler is not None:
            return pages.answer(request, handler, self.world)
        if request.path == "/" and request.method in ("GET", "HEAD"):
            return pages.index(self.world)
        return refusal(StripeError(404, f"Unrecognized request URL ({request.method}: {request.path}). {HELP}"))

    def _tick(self) -> None:
        """Run what falls due by the mere passing of time."""
        while not self.ending.wait(TICK):
            due = self.world.next_due
            if due is not None and due <= self.world.precise:
                self.world.run_due()
                self.send_made()

    def send_made(self) -> None:
        """Hand on the deliveries that this thread has made, after the answer to its client, if it has one, has gone."""
        numbers = list(self.world.made)
        self.world.made.clear()
        self.deliveries.release(numbers)


class Server(ThreadingHTTPServer):
    """A thread for each connection, none of which keeps the process alive."""

    daemon_threads = True
    request_queue_size = 256
    sandbox: Sandbox

    def server_bind(self) -> None:
        """Bind without looking up this machine's name, which can take seconds where no resolver answers."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class Handler(BaseHTTPRequestHandler):
    """One connection: HTTP/1.1 with keep-alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 600
    server: Server

    def parse_request(self) -> bool:
        """Note the epoch before the rest of the request is read: what a reset overtakes began before it."""
        self.epoch = self.server.sandbox.world.epoch
        return super().parse_request()

    def serve(self) -> None:
        """Read the request, answer it, and only then let its deliveries start."""
        with self._until_gone():
            body = self._body()
            if body is None:
                return
            answer, sandbox = self._answer(body), self.server.sandbox
            # One after the other: what is sent by who has read an answer is delivered after what caused that answer.
            with sandbox.answering if sandbox.world.made else nullcontext():
                try:
                    self._send(answer)
                finally:
                    sandbox.send_made()

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = do_TRACE = do_CONNECT = serve  # noqa: N815

    def _answer(self, body: bytes) -> Answer:
        named, target = hosts.split_target(self.path)
        path, _, query = target.partition("?")
        try:
            self._check_sender(named, path)
        except StripeError as error:
            return refusal(error)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers, body, self.client_address[0], self.epoch)
        return self.server.sandbox.answer(request)

    def _check_sender(self, named: list[str], path: str) -> None:
        """Raises StripeError for another host than ours and for another site's page; `named`: the target's host."""
        given = self.headers.get_all("Host", [])
        old = self.request_version in ("HTTP/0.9", "HTTP/1.0")  # spoken by no browser, and it needs no Host
        if len(given) > 1 or not (given or old):
            raise StripeError(400, ONE_HOST)
        self.server.sandbox.hosts.check([*named, *given])
        origins, referers = (self.headers.get_all(name, []) for name in ("Origin", "Referer"))
        hosts.check_page(self.command, path, named or given, origins, referers)

    @contextmanager
    def _until_gone(self) -> Iterator[None]:
        try:
            yield
        except (ConnectionError, TimeoutError):  # the client hung up; there is nobody left to tell
            self.close_connection = True

    def _body(self) -> bytes | None:
        """The request's body; None when the request was refused, or cut off, because of it."""
        try:
            return bodies.read(self.headers, self.rfile)
        except StripeError as error:
            self.close_connection = True
            self._send(refusal(error))
            self._hear_out()
        except bodies.CutOffError:
            self.close_connection = True
        return None

    def _hear_out(self) -> None:
        """Take what still comes for a while: closed over unread bytes, the client would see a reset and no answer."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(QUIET)
        end = time.monotonic() + LONGEST_HEARING
        while time.monotonic() < end and self.rfile.read1(1 << 16):
            pass

    def _send(self, answer: Answer) -> None:
        if answer.reset:  # cut the connection with RST; by its number, for this handler's streams would keep it open
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
            self.close_connection = True
            return
        now = formatdate(self.server.sandbox.world.now, usegmt=True)
        headers = {"Date": now, "Server": "sandbox", **answer.headers, "Content-Length": str(len(answer.body))}
        if self.close_connection:
            headers["Connection"] = "close"
        phrase = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else ""
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join(line.replace("\r", " ").replace("\n", " ") for line in lines)
        body = b"" if self.command == "HEAD" else answer.body
        self.wfile.write(head.encode("latin-1", "replace") + b"\r\n\r\n" + body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the HTTP parser refuses: Stripe's envelope instead of a page; an unknown method is an unknown URL."""
        self.close_connection = True
        self.command = self.command or ""
        status = 404 if code == HTTPStatus.NOT_IMPLEMENTED else code
        with self._until_gone():
            self._send(refusal(StripeError(status, f"Invalid request: {message or HTTPStatus(code).phrase}.")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Say nothing: the traffic is the log."""


def refusal(error: StripeError) -> Answer:
    """The answer that an error becomes outside of the API proper."""
    return Answer(error.status, indented(error.body()).encode(), {"Content-Type": "application/json"})

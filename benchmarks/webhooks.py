"""Webhooks a second: accepted, and accepted and mirrored, on PostgreSQL with two web and two worker processes.

Three views answer the same requests in turn, several rounds in one run: ours, a bare one that verifies and inserts,
and an empty one. The load comes from two processes with eight connections each that send prepared bytes.

Mirrored is a mix of account, card and authorization events (benchmarks.mix), half of them of accounts that the mirror
lacks; the clock stops when the last is applied and the last account's balances are read. EVENTS is how many.
benchmarks.peer runs dj-stripe beside it.
"""

import hashlib
import hmac
import json
import multiprocessing
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import drain, mix
from benchmarks.databases import Console, console, database
from tests.stack import ROOT, free_ports, wait_until

SECRET = "whsec_bench"  # a word of this run, it opens nothing
EVENTS, ROUNDS, PROCESSES, CONNECTIONS, ACCOUNTS = 2000, 3, 2, 8, 100
MIXED = int(os.environ.get("EVENTS", "4000"))
PROMISED, PROMISED_MIRRORED = 0.85, 400
OURS, BARE, EMPTY = VIEWS = ("/webhooks/stripe/connect/", "/bare/", "/empty/")


def event_body(accounts: list[dict[str, Any]], number: int, created: int) -> bytes:
    """One signed-to-be account.updated event, of the size Stripe sends, different in every turn."""
    account = {**accounts[number % ACCOUNTS], "metadata": {"turn": str(number)}}
    event = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "account": account["id"],
        "api_version": "2026-10-28.endive",
        "created": created,
        "data": {"object": account, "previous_attributes": {"metadata": {"turn": "0"}}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "account.updated",
    }
    return json.dumps(event).encode()


def request_bytes(path: str, body: bytes) -> bytes:
    """A whole HTTP request with its signature."""
    moment = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: t={moment},v1={digest}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send_all(port: int, requests: list[tuple[int, bytes]], refused: Any) -> None:
    """Send over one kept-alive connection; numbers of requests that are not answered by 200 are marked."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")
        for number, request in requests:
            connection.sendall(request)
            status = answers.readline()
            assert status.startswith(b"HTTP/1.1 "), status
            refused[number] = b" 200 " not in status
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.read(length)


def load(
    port: int, requests: list[tuple[int, bytes]], refused: Any, gate: "multiprocessing.synchronize.Barrier"
) -> None:
    """One process of the load: several connections at once."""
    shares = [requests[start::CONNECTIONS] for start in range(CONNECTIONS)]
    threads = [threading.Thread(target=send_all, args=(port, share, refused)) for share in shares]
    gate.wait()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def delivered(port: int, path: str, bodies: list[bytes]) -> tuple[float, list[bytes]]:
    """Deliver each once: the seconds it took, and those that were not answered by 200."""
    requests = [(number, request_bytes(path, body)) for number, body in enumerate(bodies)]
    gate, refused = multiprocessing.Barrier(PROCESSES + 1), multiprocessing.Array("b", [1] * len(bodies))
    processes = [
        multiprocessing.Process(target=load, args=(port, requests[start::PROCESSES], refused, gate))
        for start in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    gate.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    took = time.perf_counter() - began
    return took, [body for body, mark in zip(bodies, refused, strict=True) if mark]


def throughput(port: int, path: str, bodies: list[bytes]) -> float:
    """Requests a second that the server answered, each by 200."""
    took, refused = delivered(port, path, bodies)
    assert not refused, f"{len(refused)} refused"
    return len(bodies) / took


@contextmanager
def process(*command: str, python: str = sys.executable, **environment: str) -> Iterator[int]:
    """The pid of a process of the console, or of another Python, ended afterwards."""
    started = subprocess.Popen([python, *command], cwd=ROOT, env=environment)
    try:
        yield started.pid
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(20)


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Receiver:
    """Whoever takes deliveries: where, in which database, by which processes, and the Stripe it reads from."""

    port: int
    path: str
    url: str
    stripe: str
    pids: dict[str, int]


@contextmanager
def receiver(server: str, its: mix.Mix) -> Iterator[tuple[Receiver, Console]]:
    """Our two web workers over a mirror that has half of the mix, and their console's commands. No worker runs."""
    with database(server) as url, console(url) as here, drain.stripe(its, here.folder) as address:
        (port,) = free_ports(1)
        here.environment.update(
            STRIPE_CONNECT_WEBHOOK_SECRETS=SECRET,
            DJANGO_SETTINGS_MODULE="benchmarks.settings",
            STRIPE_API_BASE=address,
            STRIPE_RATE="0",  # as this Stripe, and those whom we are measured beside, have no limit
            WEB_WORKERS="2",
            WORKERS="2",
            LOG_LEVEL="ERROR",
        )
        (here.folder / "static").mkdir()
        here.fill(mix.FILL.format(described=its.described()))
        web = ("-m", "gunicorn", "--config", "console/running/gunicorn.py", "--bind", f"127.0.0.1:{port}")
        with process(*web, "--log-level=error", **here.environment) as serving:
            wait_until(lambda: answers(port), 20, "the web server")
            yield Receiver(port, OURS, url, address, {"web": serving}), here


def measure(server: str) -> bool:
    """Print accepted/s of the three views and accepted-and-mirrored/s; True when both keep their promise."""
    its = mix.Mix(drain.templates(), max(MIXED // mix.EVENTS_EACH, 2 * ACCOUNTS))
    with receiver(server, its) as (ours, here):
        kept = report(compare(ours.port, known(its)))
        with working(ours, here) as both:
            return accepted_and_mirrored(both, its.events()).rate >= PROMISED_MIRRORED and kept


@contextmanager
def working(ours: Receiver, here: Console) -> Iterator[Receiver]:
    """The same while a worker applies what was accepted; nothing waits yet."""
    with drain.worker(here) as worker:
        wait_until(lambda: not drain.left(ours.url), 600, "the backlog of the rounds before")
        yield replace(ours, pids={**ours.pids, "worker": worker})


def known(its: mix.Mix) -> list[dict[str, Any]]:
    """The last ACCOUNTS accounts that the mirror has from the begin."""
    return [its.account(number) for number in range(0, its.accounts, 2)][-ACCOUNTS:]


def compare(
    port: int, accounts: list[dict[str, Any]], paths: Iterable[str] = VIEWS, events: int = EVENTS
) -> dict[str, list[float]]:
    """Rounds of some views in turn, after one unmeasured round each."""
    rates: dict[str, list[float]] = {path: [] for path in paths}
    created = int(time.time()) + 60  # newer than what the mirror read
    for turn in range(ROUNDS + 1):
        for path, found in rates.items():
            bodies = [
                event_body(accounts, number, created + turn * 100 + number // ACCOUNTS) for number in range(events)
            ]
            rate = throughput(port, path, bodies)
            if turn:
                found.append(rate)
    return rates


def report(rates: dict[str, list[float]], events: int = EVENTS) -> bool:
    """Print medians and ratios; whether ours is what is promised."""
    ours, bare, empty = (statistics.median(rates[path]) for path in VIEWS)
    print(f"Webhooks accepted, PostgreSQL, 2 web workers (median of {ROUNDS} rounds of {events}):")
    print(f"         ours {ours:.0f}/s, bare verify-and-insert {bare:.0f}/s, empty view {empty:.0f}/s")
    print(f"         ours is {ours / bare:.0%} of bare (promised: {PROMISED:.0%}) and {ours / empty:.0%} of empty")
    return ours >= PROMISED * bare


@dataclass(frozen=True)
class Mirrored:
    """What a receiver took for so many events: seconds to accept, to mirror, and of the processor by process."""

    events: int
    accepting: float
    seconds: float
    again: int
    costs: dict[str, float]
    reads: int

    @property
    def rate(self) -> float:
        """Events a second, accepted and mirrored."""
        return self.events / self.seconds

    @property
    def each(self) -> float:
        """Milliseconds of the processor an event."""
        return 1000 * sum(self.costs.values()) / self.events

    def __str__(self) -> str:
        """Return three lines."""
        costs = [f"{1000 * spent / self.events:.2f} ms {name}" for name, spent in self.costs.items()]
        return (
            f"{self.rate:.0f}/s (accepted at {self.events / self.accepting:.0f}/s; {self.again} deliveries repeated)\n"
            f"         of the processor an event {', '.join(costs)}: {self.each:.2f} ms\n"
            f"         {self.reads / self.events:.2f} reads of Stripe an event"
        )


def mirrored(whom: Receiver, events: list[mix.Data], applied: Callable[[], bool]) -> Mirrored:
    """Deliver events, what is refused again as Stripe would, and wait until all is applied."""
    bodies = [json.dumps(event).encode() for event in events]

    def seconds() -> dict[str, float]:
        found = {name: drain.used(drain.family(pid)).seconds for name, pid in whom.pids.items()}
        return {**found, "PostgreSQL": drain.used(drain.backends(whom.url)).seconds}

    reads, before, began = reads_of(whom.stripe), seconds(), time.perf_counter()
    accepting, refused = delivered(whom.port, whom.path, bodies)
    again = 0
    while refused:
        again += len(refused)
        assert again <= 10 * len(bodies), f"{len(refused)} are refused again and again"
        took, refused = delivered(whom.port, whom.path, refused)
        accepting += took
    wait_until(applied, 600, "every event applied")
    took, after = time.perf_counter() - began, seconds()
    costs = {name: after[name] - before[name] for name in before}
    return Mirrored(len(bodies), accepting, took, again, costs, reads_of(whom.stripe) - reads)


def reads_of(address: str) -> int:
    """How many objects and lists the Stripe of the mix was asked for."""
    with urllib.request.urlopen(f"{address}/v1/counts", timeout=30) as answer:
        return sum(number for name, number in json.load(answer).items() if name != "counts")


def accepted_and_mirrored(ours: Receiver, events: list[mix.Data]) -> Mirrored:
    """Deliver to us while a worker applies, and print what it took."""
    found = mirrored(ours, events, lambda: not drain.left(ours.url))
    print(f"Accepted and mirrored: {found.events} events of {found.events // mix.EVENTS_EACH} accounts, half unknown:")
    print(f"         {found}")
    print(f"         {drain.states(ours.url)}\n", flush=True)
    return found

"""Webhooks a second: accepted, and accepted and mirrored, on PostgreSQL with two web and two worker processes.

Three views answer the same requests in turn, several rounds in one run: ours, a bare one that verifies and inserts,
and an empty one. The load comes from two processes with eight connections each that send prepared bytes.

Mirrored is a mix of account, card and authorization events (benchmarks.mix), half of them of accounts that the mirror
lacks; the clock stops when the last is applied and the last account's balances are read. EVENTS is how many. dj-stripe,
which has no models of Issuing, is not compared in this run: 70 to 100/s were measured for it on such a machine.
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
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import drain, mix
from benchmarks.databases import console, database
from tests.stack import ROOT, free_ports, wait_until

SECRET = "whsec_bench"  # a word of this run, it opens nothing
EVENTS, ROUNDS, PROCESSES, CONNECTIONS, ACCOUNTS = 2000, 3, 2, 8, 100
MIXED = int(os.environ.get("EVENTS", "4000"))
PROMISED, PROMISED_MIRRORED = 0.85, 400


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


def send_all(port: int, requests: list[bytes]) -> None:
    """Send over one kept-alive connection; every answer must be 200."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")
        for request in requests:
            connection.sendall(request)
            status = answers.readline()
            assert b" 200 " in status, status
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.read(length)


def load(port: int, requests: list[bytes], gate: "multiprocessing.synchronize.Barrier") -> None:
    """One process of the load: several connections at once."""
    shares = [requests[start::CONNECTIONS] for start in range(CONNECTIONS)]
    threads = [threading.Thread(target=send_all, args=(port, share)) for share in shares]
    gate.wait()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def throughput(port: int, path: str, bodies: list[bytes]) -> float:
    """Requests a second that the server answered."""
    requests = [request_bytes(path, body) for body in bodies]
    gate = multiprocessing.Barrier(PROCESSES + 1)
    processes = [
        multiprocessing.Process(target=load, args=(port, requests[start::PROCESSES], gate))
        for start in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    gate.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return len(bodies) / (time.perf_counter() - began)


@contextmanager
def process(*command: str, **environment: str) -> Iterator[int]:
    """The pid of a process of the console, ended afterwards."""
    started = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment)
    try:
        yield started.pid
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(20)


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def measure(server: str) -> bool:
    """Print accepted/s of the three views and accepted-and-mirrored/s; True when both keep their promise."""
    its = mix.Mix(drain.templates(), max(MIXED // mix.EVENTS_EACH, 2 * ACCOUNTS))
    with database(server) as url, console(url) as here, drain.stripe(its, here.folder) as address:
        (port,) = free_ports(1)
        here.environment.update(
            STRIPE_CONNECT_WEBHOOK_SECRETS=SECRET,
            DJANGO_SETTINGS_MODULE="benchmarks.settings",
            STRIPE_API_BASE=address,
            WEB_WORKERS="2",
            WORKERS="2",
            LOG_LEVEL="ERROR",
        )
        (here.folder / "static").mkdir()
        here.fill(mix.FILL.format(described=its.described()))
        web = ("-m", "gunicorn", "--config", "console/running/gunicorn.py", "--bind", f"127.0.0.1:{port}")
        with process(*web, "--log-level=error", **here.environment) as serving:
            wait_until(lambda: answers(port), 20, "the web server")
            kept = report(compare(port, [its.account(2 * number) for number in range(ACCOUNTS)]))
            with drain.worker(here) as worker:
                wait_until(lambda: not drain.left(url), 600, "the backlog of the rounds before")
                return accepted_and_mirrored(port, url, its, {"web": serving, "worker": worker}) and kept


def compare(port: int, accounts: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Rounds of the three views in turn, after one unmeasured round each."""
    rates: dict[str, list[float]] = {"/webhooks/stripe/connect/": [], "/bare/": [], "/empty/": []}
    created = int(time.time()) + 60  # newer than what the mirror read
    for turn in range(ROUNDS + 1):
        for path, found in rates.items():
            bodies = [
                event_body(accounts, number, created + turn * 100 + number // ACCOUNTS) for number in range(EVENTS)
            ]
            rate = throughput(port, path, bodies)
            if turn:
                found.append(rate)
    return rates


def report(rates: dict[str, list[float]]) -> bool:
    """Print medians and ratios."""
    ours, bare, empty = (statistics.median(found) for found in rates.values())
    print(f"Webhooks accepted, PostgreSQL, 2 web workers (median of {ROUNDS} rounds of {EVENTS}):")
    print(f"         ours {ours:.0f}/s, bare verify-and-insert {bare:.0f}/s, empty view {empty:.0f}/s")
    print(f"         ours is {ours / bare:.0%} of bare (promised: {PROMISED:.0%}) and {ours / empty:.0%} of empty")
    return ours >= PROMISED * bare


def accepted_and_mirrored(port: int, url: str, its: mix.Mix, pids: dict[str, int]) -> bool:
    """Post while a worker applies; whether the rate is what is promised."""
    bodies = [json.dumps(event).encode() for event in its.events()]

    def seconds() -> dict[str, float]:
        found = {name: drain.used(drain.family(pid)).seconds for name, pid in pids.items()}
        return {**found, "PostgreSQL": drain.used(drain.backends(url)).seconds}

    before, began = seconds(), time.perf_counter()
    accepted = throughput(port, "/webhooks/stripe/connect/", bodies)
    wait_until(lambda: not drain.left(url), 600, "every event applied")
    took, after = time.perf_counter() - began, seconds()
    rate = len(bodies) / took
    costs = (f"{1000 * (after[name] - before[name]) / len(bodies):.2f} ms {name}" for name in before)
    print(f"Accepted and mirrored: {len(bodies)} events of {its.accounts} accounts, half unknown, in {took:.1f} s:")
    print(f"         {rate:.0f}/s (accepted at {accepted:.0f}/s); of the processor an event {', '.join(costs)}")
    print(f"         {drain.states(url)}\n")
    return rate >= PROMISED_MIRRORED

"""Webhooks a second: accepted, and accepted and mirrored, on PostgreSQL with two web workers.

Three views answer the same requests in turn, several rounds in one run: ours, a bare one that verifies and inserts,
and an empty one. The load comes from two processes with eight connections each that send prepared bytes.
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
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psycopg

from benchmarks.databases import database
from benchmarks.sandbox import BODY
from tests.sandbox_process import SandboxProcess
from tests.stack import ROOT, free_ports, wait_until

SECRET = "whsec_bench"  # a word of this run, it opens nothing
EVENTS, ROUNDS, PROCESSES, CONNECTIONS, ACCOUNTS = 2000, 3, 2, 8, 100
PROMISED = 0.70


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
def process(*command: str, **environment: str) -> Iterator[None]:
    """A process of the console, ended afterwards."""
    started = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment)
    try:
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(20)


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def mirrored(url: str) -> int:
    """Events that were applied."""
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
        row = connection.execute("SELECT count(*) FROM gateway_event WHERE state = 'done'").fetchone()
        return row[0] if row else 0


def make_accounts(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """The accounts that the events speak of, as the sandbox has them."""
    form = parse_qs(BODY)
    made = [
        sandbox.api("POST", "/v1/accounts", {name: value[0] for name, value in form.items()}) for _ in range(ACCOUNTS)
    ]
    return [account for _, account, _ in made]


def measure(server: str) -> bool:
    """Print accepted/s of the three views and accepted-and-mirrored/s; True when ours keeps its promise."""
    with tempfile.TemporaryDirectory() as folder, database(server) as url, SandboxProcess() as sandbox:
        (port,), accounts = free_ports(1), make_accounts(sandbox)
        environment = {
            **os.environ,
            "VAR_DIR": folder,
            "DATABASE_URL": url,
            "ENV_FILE": "/dev/null",
            "CONSOLE_MODE": "sandbox",
            "STRIPE_CONNECT_WEBHOOK_SECRETS": SECRET,
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "STRIPE_API_BASE": sandbox.url,
            "WEB_WORKERS": "2",
            "LOG_LEVEL": "ERROR",
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        (Path(folder) / "static").mkdir()
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "sync"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        web = (
            "-m",
            "gunicorn",
            "--config",
            "console/running/gunicorn.py",
            "--bind",
            f"127.0.0.1:{port}",
            "--log-level=error",
        )
        with process(*web, **environment):
            wait_until(lambda: answers(port), 20, "the web server")
            rates = compare(port, accounts)
            kept = report(rates)
            with process("manage.py", "worker", **environment):
                accepted_and_mirrored(port, url, accounts)
    return kept


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


def accepted_and_mirrored(port: int, url: str, accounts: list[dict[str, Any]]) -> None:
    """Post while a worker applies; the clock stops when the last event is in the mirror."""
    wait_until(lambda: waiting(url) == 0, 600, "the backlog of the rounds before")
    before = mirrored(url)
    created = int(time.time()) + 10_000
    bodies = [event_body(accounts, number, created + number // ACCOUNTS) for number in range(EVENTS)]
    began = time.perf_counter()
    throughput(port, "/webhooks/stripe/connect/", bodies)
    wait_until(lambda: mirrored(url) >= before + EVENTS, 600, "every event applied")
    seconds = time.perf_counter() - began
    rate = EVENTS / seconds
    print(f"Accepted and mirrored: {EVENTS} events of {ACCOUNTS} accounts in {seconds:.1f} s, {rate:.0f}/s\n")


def waiting(url: str) -> int:
    """Events that are not applied yet."""
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
        row = connection.execute("SELECT count(*) FROM gateway_event WHERE state = 'waiting'").fetchone()
        return row[0] if row else 0

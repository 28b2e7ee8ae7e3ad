"""The sandbox's own speed: account creates by one warm client, its memory, and authorizations on a busy card."""

import http.client
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess

CREATES, LIMIT_SECONDS, LIMIT_GROWTH = 1000, 20, 1.25
BUSY = 3000
BODY = urlencode(
    {
        "country": "US",
        "business_type": "company",
        "controller[stripe_dashboard][type]": "none",
        "controller[fees][payer]": "application",
        "controller[losses][payments]": "application",
        "controller[requirement_collection]": "application",
        "capabilities[transfers][requested]": "true",
        "capabilities[card_issuing][requested]": "true",
        "email": "bench@example.com",
    }
)
HEADERS = {"Authorization": "Bearer sk_test_bench", "Content-Type": "application/x-www-form-urlencoded"}


def resident_mib(pid: int) -> float:
    """Resident memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def create(connection: http.client.HTTPConnection, times: int) -> float:
    """Create accounts one after the other; returns seconds."""
    began = time.perf_counter()
    for _ in range(times):
        connection.request("POST", "/v1/accounts", BODY, HEADERS)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    return time.perf_counter() - began


def authorizations() -> None:
    """Print what an authorization costs on a quiet and on a busy card, with a stock client."""
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(store=Path(folder) / "store") as sandbox:
        issuer = Issuer(sandbox, funds=90_000_000)
        card = issuer.card(spending_controls={"spending_limits": [{"amount": 90_000_000, "interval": "all_time"}]})[
            "id"
        ]

        def each(times: int) -> float:
            began = time.perf_counter()
            for _ in range(times):
                assert issuer.authorize(card, 100)["approved"]
            return (time.perf_counter() - began) / times * 1000

        each(50)
        quiet, _, busy = each(200), each(BUSY), each(200)
    print(f"Sandbox: an authorization takes {quiet:.1f} ms, after {BUSY} others of its card {busy:.1f} ms\n")


def measure() -> bool:
    """Print requests a second and memory; True when within the promise."""
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(store=Path(folder) / "store") as sandbox:
        assert sandbox.process
        pid = sandbox.process.pid
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port)
        create(connection, 200)
        before = resident_mib(pid)
        seconds = create(connection, CREATES)
        after = resident_mib(pid)
    print(f"Sandbox: {CREATES} account creates by a warm client in {seconds:.1f} s, {CREATES / seconds:.0f}/s")
    print(f"         memory {before:.0f} MiB before, {after:.0f} MiB after ({after / before:.2f} times)\n")
    authorizations()
    return seconds < LIMIT_SECONDS and after < before * LIMIT_GROWTH

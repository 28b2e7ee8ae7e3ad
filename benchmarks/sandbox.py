"""The sandbox's own speed: account creates by one warm client, and its memory before and after."""

import http.client
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.sandbox_process import SandboxProcess

CREATES, LIMIT_SECONDS, LIMIT_GROWTH = 1000, 20, 1.25
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
    return seconds < LIMIT_SECONDS and after < before * LIMIT_GROWTH

"""A backlog of events applied by two worker processes on PostgreSQL: events a second, what each costs, and memory.

`EVENTS=50000 python -m benchmarks drain`; 5,000 by default. The mix of benchmarks.mix: half of the accounts, and what
is theirs, the mirror does not have. Stripe answers each read after 5 ms.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks import mix
from benchmarks.databases import Console, console, database
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import ROOT, free_ports, parents, wait_until

EVENTS = int(os.environ.get("EVENTS", "5000"))
PROMISED = 400
TICKS = os.sysconf("SC_CLK_TCK")
KEEP = """
import json
from benchmarks import mix
from gateway import intake
its = mix.Mix(**json.loads({described!r}))
events = its.events()
for start in range(0, len(events), 1000):
    intake.keep([intake.event_of(each, source="webhook") for each in events[start : start + 1000]])
"""


@dataclass
class Usage:
    """What the processes of one kind have used so far: seconds of the processor, and MiB now."""

    seconds: float = 0
    memory: list[int] | None = None


def templates() -> mix.Data:
    """Objects of the sandbox."""
    with SandboxProcess() as box:
        issuer = Issuer(box, funds=5_000_000)
        card = issuer.card()
        return {
            "card": card,
            "authorization": issuer.authorize(card["id"], 500),
            "account": box.api("GET", f"/v1/accounts/{issuer.account}")[1],
            "balance": issuer.v1.balance.retrieve({}, issuer.options).to_dict(),
            "movements": issuer.v1.balance_transactions.list({}, issuer.options).to_dict()["data"],
        }


@contextmanager
def stripe(its: mix.Mix, folder: Path) -> Iterator[str]:
    """The address of a Stripe that knows the mix."""
    (port,) = free_ports(1)
    (folder / "mix.json").write_text(its.described())
    command = [sys.executable, "-m", "benchmarks.mix", str(port), str(folder / "mix.json")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as started:
        assert started.stdout
        started.stdout.readline()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            started.kill()


@contextmanager
def worker(its: Console) -> Iterator[int]:
    """The pid of a worker's supervisor."""
    started = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=its.environment)
    try:
        yield started.pid
    finally:
        started.terminate()
        started.wait(20)


def family(pid: int) -> list[int]:
    """A process and all that came of it."""
    found, table = [pid], parents()
    for each in found:  # grows while it is walked
        found += [child for child, parent in table.items() if parent == each]
    return found


def used(pids: list[int]) -> Usage:
    """By processes that run."""
    usage = Usage(memory=[])
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        usage.seconds += sum(map(int, fields[11:15])) / TICKS  # and of its children that have ended
        usage.memory = [*(usage.memory or []), int(status.partition("VmRSS:")[2].split()[0]) >> 10]
    return usage


def backends(url: str) -> list[int]:
    """The processes of PostgreSQL that serve a database, where it runs on this machine."""
    name, found = url.rpartition("/")[2], []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words.startswith("postgres:") and f" {name} " in words:
            found.append(int(entry.parent.name))
    return found


def left(url: str) -> int:
    """Events that wait, and accounts whose funds are to be read."""
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM gateway_event WHERE state = 'waiting')"
            " + (SELECT count(*) FROM issuing_fundsdue)"
        ).fetchone()
        return row[0] if row else 0


def measure(events: int = EVENTS) -> bool:
    """Print the rate and the costs; True when it is what is promised."""
    its = mix.Mix(templates(), events // mix.EVENTS_EACH)
    with database() as url, console(url) as here, stripe(its, here.folder) as address:
        here.environment.update(STRIPE_API_BASE=address, STRIPE_RATE="0", LOG_LEVEL="ERROR", WORKERS="2")
        described = its.described()
        here.fill(mix.FILL.format(described=described) + KEEP.format(described=described))
        return drained(here, events)


def drained(here: Console, events: int) -> bool:
    """Start a worker, and wait until it has nothing left."""
    with worker(here) as pid:
        wait_until(lambda: len(family(pid)) >= 7 or not left(here.url), 30, "the worker")
        began, before, served = time.perf_counter(), used(family(pid)), used(backends(here.url))
        first = max(before.memory or [0])
        wait_until(lambda: left(here.url) <= events * 0.9, 600, "a tenth")
        tenth = max(used(family(pid)).memory or [0])
        wait_until(lambda: not left(here.url), 3600, "the whole backlog")
        took, after, serving = time.perf_counter() - began, used(family(pid)), used(backends(here.url))
    rate, own = events / took, after.seconds - before.seconds
    costs = f"{1000 * own / events:.2f} ms in the worker's processes"
    costs += f", {1000 * (serving.seconds - served.seconds) / events:.2f} ms in PostgreSQL's that still live"
    last = max(after.memory or [0])
    print(f"Backlog of {events:,} events drained by 2 worker processes in {took:.1f} s: {rate:.0f}/s")
    print(f"         of the processor an event: {costs}")
    print(f"         largest process {first} MiB at the begin, {tenth} MiB after a tenth, {last} MiB at last")
    print(f"         {states(here.url)}\n", flush=True)
    return rate >= PROMISED


def states(url: str) -> str:
    """What came of the events."""
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
        rows = connection.execute("SELECT state, count(*) FROM gateway_event GROUP BY state").fetchall()
    return ", ".join(f"{number:,} {state}" for state, number in sorted(rows))


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

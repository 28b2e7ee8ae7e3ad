"""`manage.py sync` on PostgreSQL: from a stub that answers in 5 ms, and from a sandbox that allows 100 calls a second.

What counts on a machine that others use as well is the processor's time: of the command and the processes that it has,
its start taken off; PostgreSQL's and the stub's come on top. Rates are of the clock.
"""

import json
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from benchmarks.databases import Console, console, database
from benchmarks.sandbox import BODY
from benchmarks.stub import PAGE, World, stub
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import ROOT, wait_until

ACCOUNTS, OWNERS, LISTS = 10_000, 50, 2_000  # accounts; those with 200 cards each; those with two
RATE, LATENCY, SANDBOX_ACCOUNTS = 100, 0.1, 400
WITHOUT_HEADER = ("account", "bank_account", "capability", "person")  # whose calls the sandbox counts together
PROMISED_MS, PROMISED_REFUSALS, PROMISED_REPEATS = 10.0, 0.01, 15


@dataclass(frozen=True)
class Done:
    """What a run said at its end, and what it took: processor in milliseconds without the start."""

    figures: dict[str, Any]
    processor: float

    def __str__(self) -> str:
        """Return rates, and the processor's time for an object and a list."""
        objects, lists, seconds = (self.figures[name] for name in ("objects", "walked", "seconds"))
        each = f"{self.processor / max(objects, 1):.2f} ms an object, {self.processor / lists:.2f} ms a list"
        return f"{objects / seconds:,.0f} objects/s, {lists / seconds:,.0f} lists/s in {seconds:.1f} s; {each}"


@contextmanager
def synced(world: World, accounts_first: bool = True) -> Iterator[tuple[Console, str]]:
    """A console beside a stub; it has the accounts already, or nothing."""
    with stub(world) as address, database() as url, console(url) as its:
        its.environment.update(STRIPE_API_BASE=address, STRIPE_RATE="0", LOG_LEVEL="ERROR")
        if accounts_first:
            its.python("manage.py", "sync", "--only", "account")
        yield its, address


def run(its: Console, *options: str, start: float = 0.0) -> Done:
    """One run. `start` is the processor's seconds that one takes that finds nothing to do."""
    said, cost = its.measured("sync", "--json", *options)
    return Done(json.loads(said.splitlines()[-1]), 1000 * (cost.processor - start))


def measure() -> bool:
    """Print rates and the processor's time; True when within what is promised."""
    world = _examples()
    kept = True
    for processes in ("1", "2"):
        several = ("--processes", processes)
        with synced(replace(world, accounts=0), accounts_first=False) as (its, _):
            start = run(its, "--only", "account", *several).processor / 1000
        with synced(replace(world, accounts=ACCOUNTS), accounts_first=False) as (its, _):
            its_accounts = run(its, "--only", "account", *several, start=start)
            again = run(its, "--only", "account", *several, start=start)
        with synced(replace(world, accounts=OWNERS, cards=2 * PAGE)) as (its, _):
            cards = run(its, "--only", "issuing.card", *several, start=start)
        with synced(replace(world, accounts=LISTS, cards=2)) as (its, _):
            pairs = run(its, "--only", "issuing.card", *several, start=start)
        print(f"Sync, {processes} absorbing, from a stub that answers in 5 ms (start: {start:.1f} s of the processor):")
        print(f"         accounts, pages of {PAGE}: {its_accounts}")
        print(f"         the same again, unchanged: {again}")
        print(f"         cards, lists of 200 in pages of {PAGE}: {cards}")
        print(f"         cards, lists of two: {pairs}\n", flush=True)
        kept &= pairs.processor / pairs.figures["walked"] <= PROMISED_MS
    return _killed(replace(world, accounts=ACCOUNTS)) and _limited() and kept


def _examples() -> World:
    """An account and a card as the sandbox shows them."""
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(store=Path(folder) / "store") as sandbox:
        issuer = Issuer(sandbox)
        card = issuer.card()
        return World(sandbox.api("GET", f"/v1/accounts/{issuer.account}")[1], card, 0, 0)


def _killed(world: World) -> bool:
    """Kill -9 in the middle of a list; how many of its pages the next run asks for again."""
    with synced(world, accounts_first=False) as (its, address):

        def counted() -> int:
            with urllib.request.urlopen(f"{address}/counted") as answer:
                return int(answer.read())

        command = [sys.executable, "manage.py", "sync", "--only", "account"]
        killed = subprocess.Popen(command, cwd=ROOT, env=its.environment, stderr=subprocess.DEVNULL)
        wait_until(lambda: counted() > ACCOUNTS // PAGE // 2, 120, "half of the pages")
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        before = counted()
        run(its, "--only", "account")
        after = counted() - before
    repeated = before + after - 2 - ACCOUNTS // PAGE  # each run asks once for Stripe's clock
    print(f"Sync, killed after {before} calls: the next run made {after}, {repeated} pages a second time\n", flush=True)
    return repeated <= PROMISED_REPEATS


def _limited() -> bool:
    """How much of the rate a run keeps busy, and how often it is refused."""
    form = {name: value[0] for name, value in parse_qs(BODY).items()}
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(store=Path(folder) / "store") as sandbox:
        for _ in range(SANDBOX_ACCOUNTS):
            assert sandbox.api("POST", "/v1/accounts", form)[0] == 200
        sandbox.control("settings", {"rate_limit": RATE})
        sandbox.control("faults", [{"match": "GET *", "times": 10**6, "fault": f"slow:{LATENCY}"}])
        with database() as url, console(url) as its:
            its.environment.update(STRIPE_API_BASE=sandbox.url, STRIPE_RATE=str(RATE), LOG_LEVEL="ERROR")
            only = [option for noun in WITHOUT_HEADER for option in ("--only", noun)]
            said, cost = its.measured("sync", "--json", *only)
    told = [json.loads(line) for line in said.splitlines()]
    first, last, end = told[0], told[-2], told[-1]  # between its first and last second it is at its full rate
    busy = (last["calls"] - first["calls"]) / (last["seconds"] - first["seconds"]) / RATE
    print(
        f"Sync, {RATE} calls/s allowed, {1000 * LATENCY:.0f} ms each: {end['calls']} calls in {end['seconds']} s,",
        end=" ",
    )
    print(f"{busy:.0%} of the rate kept busy, {end['slowed']} refusals, {cost.processor:.1f} s of the processor\n")
    return end["slowed"] <= PROMISED_REFUSALS * end["calls"]


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

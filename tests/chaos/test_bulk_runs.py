"""A bulk run while its worker is killed every 3 seconds, stopped, resumed and undone: every row once.

An undo of so many rows needs a second person: another member of staff approves it on its page, as people do.
CHAOS_ROWS names another size (docs/performance.md has what these take).
"""

import os
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from tests.chaos.test_kills import kill_one, victims, whole
from tests.stack import Stack, empty_postgres, wait_until
from tests.staff_browser import StaffBrowser

pytestmark = [pytest.mark.chaos, pytest.mark.prove]
REASON = "Suspicious pattern on one BIN"
EVERY = 3.0  # seconds that a worker lives
UNDER_WAY = 48  # rows that a worker may have begun when its run is stopped: three threads, 16 each
SIZES = {"sqlite": 5_000, "postgres": 10_000}  # an undo of more than 100 needs a second person
HOLDER = {
    "name": "Jonas Aaltonen",
    "type": "individual",
    "individual[first_name]": "Jonas",
    "individual[last_name]": "Aaltonen",
    "individual[dob][day]": "1",
    "individual[dob][month]": "2",
    "individual[dob][year]": "1980",
    "individual[card_issuing][user_terms_acceptance][date]": "1700000000",
    "individual[card_issuing][user_terms_acceptance][ip]": "203.0.113.7",
    "billing[address][line1]": "500 Congress Avenue",
    "billing[address][city]": "Austin",
    "billing[address][state]": "TX",
    "billing[address][postal_code]": "78701",
    "billing[address][country]": "US",
}


def sizes() -> list[Any]:
    """On every database that there is, its number of rows."""
    names = ("sqlite", *(["postgres"] if os.environ.get("TEST_DATABASE_URL") else []))
    return [(name, int(os.environ.get("CHAOS_ROWS", SIZES[name]))) for name in names]


@contextmanager
def furnished(folder: Path, database: str, cards: int, **environment: str) -> Iterator[tuple[Stack, list[str]]]:
    """A stack with so many active cards of one account, all in the mirror; and their ids.

    They are imported: their deliveries would only take time.
    """
    with ExitStack() as ends:
        url = ends.enter_context(empty_postgres()) if database == "postgres" else ""
        stack = ends.enter_context(Stack(folder, database_url=url, STRIPE_RATE="2000", **environment))
        name = ["--country", "US", "--business-type", "individual", "--first-name", "Jonas", "--last-name", "Aaltonen"]
        who = ["--as", "demo", "--reason", REASON]
        account = stack.manage("create_account", *who, "--email", "j@example.com", *name).split()[0]
        stack.manage("fill_test_values", account, *who)
        holder = stack.stripe("POST", "/v1/issuing/cardholders", urlencode(HOLDER), account)["id"]
        body = urlencode({"cardholder": holder, "currency": "usd", "type": "virtual", "status": "active"})
        stack.control("deliveries", {"mode": "drop"})
        with requests.Session() as client:
            client.headers = {**stack.headers(account), "Connection": "keep-alive"}
            address = f"{stack.sandbox_url}/v1/issuing/cards"
            made = [client.post(address, body, timeout=30).json()["id"] for _ in range(cards)]
        stack.control("deliveries?wait=20")
        stack.control("deliveries", {"mode": "normal"})
        stack.manage("sync", "--only", "issuing.card", "--account", account)
        assert stack.ask("Card.objects.filter(status='active').count()") == cards
        yield stack, made


class Killer(threading.Thread):
    """Kills a process of the worker, or the whole cluster, after 3 seconds of its life each time, until it is stopped.

    Meanwhile it looks how large the worker's processes are: `largest` of one, in MiB.
    """

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.stack, self.over, self.kills, self.largest = stack, threading.Event(), 0, 0.0
        self.chance = random.Random(20261126)

    def run(self) -> None:
        """Until stopped. A worker lives so long once it is whole, however slowly this machine starts one."""
        while not self.over.is_set():
            if not whole(self.stack):
                self.over.wait(0.2)
                continue
            if self.over.wait(EVERY):
                return
            try:
                self.largest = max(self.largest, *(resident(pid) for pid in victims(self.stack)))
                kill_one(self.stack, self.chance)
                self.kills += 1
            except (AssertionError, OSError):
                continue

    def end(self) -> None:
        """No more kills."""
        self.over.set()
        self.join()


def resident(pid: int) -> float:
    """MiB of memory that a process has; 0 where it has just ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    except OSError:
        return 0.0


@dataclass
class Run:
    """A bulk run, and what can be asked of it from outside."""

    stack: Stack
    pk: str

    @property
    def state(self) -> str:
        """Of the run itself."""
        return str(self.stack.ask(f"BulkRun.objects.get(pk='{self.pk}').state"))

    @property
    def outcomes(self) -> dict[str, int]:
        """How many rows have which."""
        return dict(self.stack.ask(f"BulkRun.objects.get(pk='{self.pk}').outcomes()"))

    @property
    def done(self) -> int:
        """Rows that wait no more."""
        return int(self.stack.ask(f"BulkRow.objects.filter(run='{self.pk}').exclude(state='waiting').count()"))

    def ends(self, rows: int) -> None:
        """Wait until it has ended, well."""
        wait_until(lambda: self.state == "ended", patience(rows), f"the end: {self.outcomes}")
        assert self.outcomes == {"succeeded": rows}


def patience(rows: int) -> float:
    """Seconds that so many rows may take while the worker is killed, on a machine that is busy."""
    return 240 + rows / 4


def begin(stack: Stack, folder: Path, cards: list[str]) -> Run:
    """A run of the command over a file."""
    file = folder / "rows.csv"
    file.write_text("id\n" + "\n".join(cards) + "\n")
    who = ["--as", "demo", "--reason", REASON]
    said = stack.manage("bulk_run", "issuing.deactivate_card", "--file", str(file), *who)
    return Run(stack, said.strip().splitlines()[-1].split()[0])


def stopped_and_resumed(run: Run, rows: int) -> None:
    """At a third of its rows it is stopped: what was under way ends, and nothing else until it is resumed."""
    wait_until(lambda: run.done >= rows // 3, patience(rows), "a third of the rows")
    run.stack.manage("bulk_stop", run.pk, "--as", "demo")
    time.sleep(1)
    at = run.done
    time.sleep(2)
    assert run.done - at <= UNDER_WAY
    assert run.state == "stopped"
    run.stack.manage("bulk_resume", run.pk, "--as", "demo")


def undone(run: Run, rows: int) -> Run:
    """Its undo, asked for once the mirror has what the run did, and approved by another person."""
    wait_until(
        lambda: run.stack.ask("Card.objects.filter(status='inactive').count()") == rows, patience(rows), "the mirror"
    )
    run.stack.manage("bulk_undo", run.pk, "--as", "demo", "--reason", "The pattern was a test of theirs")
    undoing = Run(run.stack, run.stack.ask(f"str(BulkRun.objects.get(undo_of='{run.pk}').pk)"))
    if undoing.state == "draft":
        approved(undoing)
    undoing.ends(rows)
    return undoing


def approved(undoing: Run) -> None:
    """Ana, who did not ask for it, opens the page of what waits and approves it."""
    stack = undoing.stack
    path = f"/approvals/{stack.ask('str(Approval.objects.get().pk)')}"
    ana = StaffBrowser(stack, "ana")
    status, page = ana.get(path)
    assert status == 200
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen, page[-3000:]
    status, page = ana.post(path, {"decision": "approve", "seen": seen[1], "note": "Their test", "for_account": ""})
    assert (status, "The bulk run has begun." in page) == (200, True), page[-3000:]


def at_stripe(stack: Stack, account: str, status: str) -> int:
    """How many cards of the account have this status, in the sandbox's own words."""
    return sum(1 for _ in listed(stack, account, f"/v1/issuing/cards?status={status}"))


def changes_at_stripe(stack: Stack, account: str) -> Counter[str]:
    """How often each card was changed, by the sandbox's own events."""
    events = listed(stack, account, "/v1/events?type=issuing_card.updated")
    return Counter(event["data"]["object"]["id"] for event in events)


def listed(stack: Stack, account: str, path: str) -> Iterator[dict[str, Any]]:
    """All objects of a list."""
    after = ""
    while True:
        page = stack.stripe("GET", f"{path}&limit=100{after}", account=account)
        yield from page["data"]
        if not page["has_more"]:
            return
        after = f"&starting_after={page['data'][-1]['id']}"


def assert_once(stack: Stack, run: Run, verb: str, rows: int) -> None:
    """One operation a row and no other, each with its own key, told in the trail as begun and as done once."""
    mine = f"Operation.objects.filter(bulk_row__run='{run.pk}')"
    assert stack.ask(f"Operation.objects.filter(verb='{verb}').count()") == rows
    assert stack.ask(f"len(set({mine}.values_list('key', flat=True)))") == rows
    told = f"AuditEntry.objects.filter(operation__bulk_row__run='{run.pk}', action='operation.{{}}')"
    for what in ("intended", "succeeded"):
        each = f"len(set({told.format(what)}.values_list('operation', flat=True)))"
        assert stack.ask(f"[{told.format(what)}.count(), {each}]") == [rows, rows]


@pytest.mark.parametrize(("database", "rows"), sizes())
def test_a_run_survives_its_worker(tmp_path_factory: pytest.TempPathFactory, database: str, rows: int) -> None:
    folder = tmp_path_factory.mktemp("stack")
    with furnished(folder, database, rows) as (stack, cards):
        account = stack.ask(f"Card.objects.get(pk='{cards[0]}').account_id")
        killer, began = Killer(stack), time.monotonic()
        run = begin(stack, folder, cards)
        killer.start()
        try:
            stopped_and_resumed(run, rows)
            run.ends(rows)
            took = time.monotonic() - began
            assert_once(stack, run, "issuing.deactivate_card", rows)
            assert at_stripe(stack, account, "inactive") == rows
            undoing = undone(run, rows)
        finally:
            killer.end()
        assert_once(stack, undoing, "issuing.activate_card", rows)
        assert at_stripe(stack, account, "active") == rows
        assert changes_at_stripe(stack, account) == dict.fromkeys(cards, 2), "each call had its effect once"
        assert "whole" in stack.manage("verify_audit")
        assert killer.kills
        total = time.monotonic() - began
        figures = f"{database}: {rows} rows in {took:.0f} s, {rows / took:.1f}/s, with the undo {total:.0f} s; "
        sys.stdout.write(f"\n{figures}{killer.kills} kills, the worker's largest process {killer.largest:.0f} MiB\n")

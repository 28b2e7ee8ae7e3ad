"""A bulk run while its worker is killed every 3 seconds, stopped, resumed and undone: every row once."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.chaos.test_kills import kill_one
from tests.stack import Stack, empty_postgres, wait_until

pytestmark = pytest.mark.chaos
REASON = "Suspicious pattern on one BIN"
EVERY = 3.0  # seconds between two kills
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


@contextmanager
def furnished(folder: Any, database: str, cards: int) -> Iterator[tuple[Stack, list[str]]]:
    """A stack with so many active cards of one account, all in the mirror; and their ids."""
    with ExitStack() as ends:
        url = ends.enter_context(empty_postgres()) if database == "postgres" else ""
        stack = ends.enter_context(Stack(folder, database_url=url, STRIPE_RATE="2000"))
        name = ["--country", "US", "--business-type", "individual", "--first-name", "Jonas", "--last-name", "Aaltonen"]
        who = ["--as", "demo", "--reason", REASON]
        account = stack.manage("create_account", *who, "--email", "j@example.com", *name).split()[0]
        stack.manage("fill_test_values", account, *who)
        holder = stack.stripe("POST", "/v1/issuing/cardholders", urlencode(HOLDER), account)["id"]
        body = urlencode({"cardholder": holder, "currency": "usd", "type": "virtual", "status": "active"})
        made = [stack.stripe("POST", "/v1/issuing/cards", body, account)["id"] for _ in range(cards)]
        wait_until(lambda: stack.ask("Card.objects.count()") >= cards, 30 + cards / 20, "the cards in the mirror")
        yield stack, made


class Killer(threading.Thread):
    """Kills a process of the worker, or the whole cluster, every few seconds, so often at most, until it is stopped."""

    def __init__(self, stack: Stack, most: int) -> None:
        super().__init__(daemon=True)
        self.stack, self.over, self.kills, self.most = stack, threading.Event(), 0, most
        self.chance = random.Random(20261126)

    def run(self) -> None:
        """Until stopped. A worker that is just starting is let come up first."""
        while self.kills < self.most and not self.over.wait(EVERY):
            try:
                kill_one(self.stack, self.chance)
                self.kills += 1
            except (AssertionError, OSError):
                continue


def begin(stack: Stack, folder: Any, cards: list[str]) -> str:
    """A run of the command over a file; its id."""
    file = folder / "rows.csv"
    file.write_text("id\n" + "\n".join(cards) + "\n")
    who = ["--as", "demo", "--reason", REASON]
    said = stack.manage("bulk_run", "issuing.deactivate_card", "--file", str(file), *who)
    return said.strip().splitlines()[-1].split()[0]


def state(stack: Stack, run: str) -> str:
    return str(stack.ask(f"BulkRun.objects.get(pk='{run}').state"))


def outcomes(stack: Stack, run: str) -> dict[str, int]:
    return dict(stack.ask(f"BulkRun.objects.get(pk='{run}').outcomes()"))


def at_stripe(stack: Stack, account: str, status: str) -> int:
    """How many cards of the account have this status, in the sandbox's own words."""
    found, after = 0, ""
    while True:
        page = stack.stripe("GET", f"/v1/issuing/cards?limit=100&status={status}{after}", account=account)
        found += len(page["data"])
        if not page["has_more"]:
            return found
        after = f"&starting_after={page['data'][-1]['id']}"


def goes_through(folder: Any, database: str, number: int, seconds: float, kills: int) -> None:
    """Begun, killed, stopped, resumed, looked at, undone."""
    with furnished(folder, database, number) as (stack, cards):
        account = stack.ask(f"Card.objects.get(pk='{cards[0]}').account_id")
        killer = Killer(stack, kills)
        run = begin(stack, folder, cards)
        killer.start()
        try:
            done = f"BulkRow.objects.filter(run='{run}').exclude(state='waiting').count()"
            wait_until(lambda: stack.ask(done) >= number // 3, seconds, "a third of the rows")
            stack.manage("bulk_stop", run, "--as", "demo")
            time.sleep(1)
            stopped_at = stack.ask(done)
            time.sleep(2)
            assert stack.ask(done) - stopped_at <= 12  # what was under way
            stack.manage("bulk_resume", run, "--as", "demo")
            wait_until(lambda: state(stack, run) == "ended", seconds, f"the end: {outcomes(stack, run)}")
        finally:
            killer.over.set()
            killer.join()
        assert killer.kills
        assert outcomes(stack, run) == {"succeeded": number}
        once(stack, run, number)
        assert at_stripe(stack, account, "inactive") == number
        undone(stack, run, number, seconds)
        assert at_stripe(stack, account, "active") == number


def once(stack: Stack, run: str, number: int) -> None:
    """One operation a row and no other; one event of each card's change, so no call had an effect twice."""
    assert stack.ask(f"Operation.objects.filter(bulk_row__run='{run}').count()") == number
    assert stack.ask("Operation.objects.filter(verb='issuing.deactivate_card').count()") == number
    assert (
        stack.ask(f"len(set(BulkRow.objects.filter(run='{run}').values_list('operation__key', flat=True)))") == number
    )


def undone(stack: Stack, run: str, number: int, seconds: float) -> None:
    """Its undo, once the mirror has what the run did."""
    wait_until(lambda: stack.ask("Card.objects.filter(status='inactive').count()") == number, 60, "the mirror")
    stack.manage("bulk_undo", run, "--as", "demo", "--reason", "The pattern was a test of theirs")
    undoing = stack.ask(f"str(BulkRun.objects.get(undo_of='{run}').pk)")
    wait_until(lambda: state(stack, undoing) == "ended", seconds, f"the undo: {outcomes(stack, undoing)}")
    assert outcomes(stack, undoing) == {"succeeded": number}


@pytest.mark.prove
def test_a_run_survives_its_worker(tmp_path_factory: pytest.TempPathFactory) -> None:
    goes_through(tmp_path_factory.mktemp("stack"), "sqlite", 90, 300, 4)

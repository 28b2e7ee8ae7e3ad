"""Events shuffled and doubled, two workers, one of them killed every 5 seconds: the mirror is what the sandbox has.

CHAOS_EVENTS=20000 runs it at that size (docs/performance.md has what that took).
"""

import hashlib
import hmac
import http.client
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.chaos.test_bulk_runs import furnished
from tests.chaos.test_kills import create_accounts
from tests.stack import ROOT, Stack, children, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.prove, pytest.mark.postgres]
EVENTS = int(os.environ.get("CHAOS_EVENTS", "800"))
EVERY = 5.0  # seconds between two kills
ROUND = 200  # events that are made before the next are delivered
ACCOUNTS, CARDS = 12, 6
SECRET = "whsec_of_these_events"
LISTS = {
    "issuing.card": "/v1/issuing/cards",
    "issuing.cardholder": "/v1/issuing/cardholders",
    "issuing.authorization": "/v1/issuing/authorizations",
    "issuing.transaction": "/v1/issuing/transactions",
    "balance_transaction": "/v1/balance_transactions",
}
Event = dict[str, Any]


class Workers:
    """The stack's own worker and a second one; one of both dies every 5 seconds, and both are started again."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.over, self.kills = stack, threading.Event(), 0
        self.chance = random.Random(20261126)
        self.second = self.start()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.keep_second, self.kill)]

    def start(self) -> "subprocess.Popen[bytes]":
        """A worker as on another machine: the launcher knows nothing of it."""
        return subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=self.stack.environment)

    def keep_second(self) -> None:
        """Start it again whenever it has ended."""
        while not self.over.wait(0.2):
            if self.second.poll() is not None:
                self.second = self.start()

    def kill(self) -> None:
        """SIGKILL to a supervisor, or to all of its cluster."""
        while not self.over.wait(EVERY):
            try:
                supervisor = self.chance.choice((self.second.pid, self.stack.part("worker")))
                if self.chance.random() < 0.5:
                    os.kill(supervisor, signal.SIGKILL)
                else:
                    os.killpg(children(supervisor)[0], signal.SIGKILL)
            except (AssertionError, IndexError, OSError):
                continue
            self.kills += 1

    def __enter__(self) -> "Workers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()
        self.second.terminate()
        self.second.wait(30)

    def end(self) -> None:
        """No more kills; both go on."""
        self.over.set()
        for thread in self.threads:
            thread.join()
        if self.second.poll() is not None:
            self.second = self.start()


def lives(stack: Stack, issuing: str, cards: list[str]) -> Iterator[None]:
    """What happens at Stripe, for ever: each step makes an event or two."""
    chance = random.Random(4)
    accounts = [issuing, *create_accounts(stack, ACCOUNTS)]
    stack.stripe("POST", "/v1/topups", "amount=90000000&currency=usd&destination_balance=issuing", issuing)
    stack.control("clock", {"advance": "1h"})
    helpers, last = "/v1/test_helpers/issuing/authorizations", ""
    for turn in itertools.count():
        card, account = chance.choice(cards), chance.choice(accounts)
        stack.stripe("POST", f"/v1/accounts/{account}", f"metadata[turn]={turn}")
        yield
        stack.stripe("POST", f"/v1/issuing/cards/{card}", f"metadata[turn]={turn}", issuing)
        yield
        if turn % 3 == 0:
            tried = stack.stripe("POST", helpers, urlencode({"card": card, "amount": 500 + turn % 90}), issuing)
            last = tried["id"] if tried["approved"] else ""
        elif turn % 3 == 1 and last:
            stack.stripe("POST", f"{helpers}/{last}/{chance.choice(('capture', 'reverse'))}", "", issuing)
        yield


def listed(stack: Stack, path: str, account: str) -> list[Any]:
    """All objects of a list."""
    found: list[Any] = []
    while True:
        after = f"&starting_after={found[-1]['id']}" if found else ""
        page = stack.stripe("GET", f"{path}?limit=100{after}", account=account)
        found += page["data"]
        if not page["has_more"]:
            return found


class Post:
    """Delivers each event that the sandbox has made, twice and in any order; the second time with a later lot."""

    def __init__(self, stack: Stack, accounts: list[str], version: str) -> None:
        self.stack, self.accounts, self.version = stack, accounts, version
        self.known: dict[str, Event] = {}
        self.again: list[Event] = []
        self.chance = random.Random(7)

    def deliver(self) -> None:
        """What is new, and half of what is to come again."""
        new = []
        for account in self.accounts:
            found = [event for event in self.newest(account) if event["id"] not in self.known]
            new += [{**event, "account": account, "api_version": self.version} for event in found]
        self.known |= {event["id"]: event for event in new}
        self.again += new
        self.chance.shuffle(self.again)
        half = len(self.again) // 2
        lot, self.again = [*new, *self.again[:half]], self.again[half:]
        self.send(lot)

    def newest(self, account: str) -> Iterator[Event]:
        """An account's events, newest first, down to one that is known."""
        after = ""
        while True:
            page = self.stack.stripe("GET", f"/v1/events?limit=100{after}", account=account)
            yield from page["data"]
            if not page["has_more"] or page["data"][-1]["id"] in self.known:
                return
            after = f"&starting_after={page['data'][-1]['id']}"

    def send(self, lot: list[Event]) -> None:
        """In any order, over four connections."""
        self.chance.shuffle(lot)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.send_one_by_one, [lot[start::4] for start in range(4)]))

    def send_one_by_one(self, lot: list[Event]) -> None:
        """Each must be taken."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=60)
        for event in lot:
            body = json.dumps(event)
            at = int(time.time())
            signature = hmac.new(SECRET.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
            headers = {"Stripe-Signature": f"t={at},v1={signature}", "Content-Type": "application/json"}
            connection.request("POST", "/webhooks/stripe/connect/", body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        connection.close()


@contextmanager
def world(folder: Path) -> Iterator[tuple[Stack, str, list[str]]]:
    """A stack, an account that issues, and its cards; from now on the sandbox delivers nothing by itself."""
    with furnished(folder, "postgres", CARDS, STRIPE_CONNECT_WEBHOOK_SECRETS=SECRET) as (stack, cards):
        stack.control("deliveries", {"mode": "drop"})
        yield stack, stack.ask("Account.objects.get().pk"), cards


def test_shuffled_and_doubled_events_end_in_what_the_sandbox_has(tmp_path: Path) -> None:
    with world(tmp_path) as (stack, issuing, cards), Workers(stack) as workers:
        happening = lives(stack, issuing, cards)
        next(happening)
        accounts = [each["id"] for each in stack.stripe("GET", "/v1/accounts?limit=100")["data"]]
        post = Post(stack, accounts, stack.ask("__import__('django.conf').conf.settings.STRIPE_API_VERSION"))
        while len(post.known) < EVENTS:
            for _ in range(ROUND):
                next(happening)
            post.deliver()
        workers.end()
        post.send(post.again)
        wait_until(lambda: not left(stack), 120 + EVENTS / 20, "every event applied" + stack.logs())
        settled(stack, post)
        for account in accounts:
            same(stack, account)
        sys.stderr.write(f"{len(post.known)} events, each twice, {workers.kills} kills\n")
        assert workers.kills >= 1


def left(stack: Stack) -> int:
    """Events that wait, and accounts whose funds are to be read."""
    return int(stack.ask("Event.objects.filter(state='waiting').count() + FundsDue.objects.count()"))


def settled(stack: Stack, post: Post) -> None:
    """Every event once, none given up, and each of its changes once in history."""
    states = stack.ask("sorted(set(Event.objects.values_list('state', flat=True)))")
    assert set(states) <= {"done", "ignored"}, states
    assert set(stack.ask("list(Event.objects.values_list('id', flat=True))")) >= set(post.known)
    told = "StateChange.objects.filter(source='event').values_list('source_id', 'subject', 'field')"
    number, different = stack.ask(f"[len({told}), len(set({told}))]")
    assert number == different > 0


def same(stack: Stack, account: str) -> None:
    """The mirror has of an account what the sandbox has, object by object."""
    shown = {account: stack.stripe("GET", f"/v1/accounts/{account}")}
    assert mirrored(stack, "Account", account) == shown
    if not stack.ask(f"Card.objects.filter(account='{account}').count()"):
        return
    for kind, path in LISTS.items():
        model = stack.ask(f"__import__('gateway.mirror').mirror.REGISTRY['{kind}'].__name__")
        here, there = mirrored(stack, model, account), {each["id"]: each for each in listed(stack, path, account)}
        assert here.keys() == there.keys(), kind
        assert [here[each] for each in here] == [folded(there[each]) for each in here], kind
    assert mirrored(stack, "Balance", account) == {
        f"{account}.balance": stack.stripe("GET", "/v1/balance", "", account)
    }


def mirrored(stack: Stack, model: str, account: str) -> Any:
    """{id: data} of what an account has of a kind and is not gone."""
    return stack.ask(f"dict({model}.objects.filter(account='{account}', gone_at=None).values_list('pk', 'data'))")


def folded(value: Any, *, top: bool = True) -> Any:
    """The object as the mirror keeps it: what Issuing embeds in it is its id."""
    if isinstance(value, list):
        return [folded(part, top=False) for part in value]
    if not isinstance(value, dict):
        return value
    if not top and str(value.get("object", "")).startswith("issuing."):
        return value["id"]
    return {name: folded(part, top=False) for name, part in value.items()}

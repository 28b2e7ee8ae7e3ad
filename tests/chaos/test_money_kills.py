"""kill -9 of the worker in the middle of 200 events about money: each authorization, hold and capture counts once."""

import os
import random
import signal
from typing import cast

import pytest

from tests.chaos.test_kills import all_delivered, kill_one, unsettled, victims
from tests.chaos.test_kills import stack as stack  # the fixture, on both databases
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.prove]
PURCHASES, KILLS, FUNDS = 95, 4, 1_000_000


class Box:
    """What the stock client's builders need of a sandbox."""

    def __init__(self, stack: Stack) -> None:
        self.url, self.control = stack.sandbox_url, stack.control


def shop(issuer: Issuer, card: str, number: int) -> None:
    """An authorization of some cents; every other one is captured, some of the rest given back."""
    made = issuer.authorize(card, 100 + number)
    if number % 2 == 0:
        issuer.act("capture", made["id"])
    elif number % 5 == 0:
        issuer.act("reverse", made["id"])


def at_stripe(stack: Stack, account: str, path: str) -> dict[str, list[object]]:
    """id → [amount, status] of everything in a list."""
    listed = stack.stripe("GET", f"/v1/issuing/{path}?limit=100", account=account)["data"]
    return {row["id"]: [row["amount"], row.get("status")] for row in listed}


def in_mirror(stack: Stack, model: str) -> dict[str, list[object]]:
    """The same, as the console has it."""
    rows = stack.ask(f"[[r.id, r.data['amount'], r.data.get('status')] for r in {model}.objects.all()]")
    return {row[0]: row[1:] for row in rows}


def test_money_counts_once_however_the_worker_dies(stack: Stack) -> None:
    chance = random.Random(4711)
    issuer = Issuer(cast("SandboxProcess", Box(stack)), funds=FUNDS)
    card = issuer.card(spending_controls={"spending_limits": [{"amount": FUNDS, "interval": "daily"}]})["id"]
    moments = set(chance.sample(range(PURCHASES), KILLS))
    for number in range(PURCHASES):
        shop(issuer, card, number)
        if number in moments:
            kill_one(stack, chance)
    os.kill(victims(stack)[0], signal.SIGKILL)  # last the supervisor itself: the launcher starts another
    wait_until(lambda: all_delivered(stack), 60, "every event delivered" + stack.logs())
    wait_until(lambda: unsettled(stack) == 0, 60, "every event applied")
    assert stack.ask("Event.objects.filter(type__startswith='issuing_').count()") >= 100
    assert stack.ask("Event.objects.count()") >= 200
    authorizations = at_stripe(stack, issuer.account, "authorizations")
    assert len(authorizations) == PURCHASES
    assert in_mirror(stack, "Authorization") == authorizations
    assert in_mirror(stack, "Transaction") == at_stripe(stack, issuer.account, "transactions")
    told = stack.ask("list(StateChange.objects.filter(noun='issuing.authorization').values_list('subject', 'after'))")
    ended = [subject for subject, after in told if after in ("closed", "reversed")]
    assert len(ended) == len(set(ended)) == sum(row[1] != "pending" for row in authorizations.values())

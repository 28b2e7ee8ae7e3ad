"""kill -9 wherever it hurts: what was stored is applied once, with no manual step."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.stack import Stack, children, empty_postgres, wait_until

pytestmark = pytest.mark.chaos
ACCOUNTS, UPDATES, KILLS = 20, 24, 20


def databases() -> list[Any]:
    """PostgreSQL where one is given, else SQLite; the other one is for `make prove`."""
    if not os.environ.get("TEST_DATABASE_URL"):
        return ["sqlite"]
    return ["postgres", pytest.param("sqlite", marks=pytest.mark.prove)]


@pytest.fixture(scope="module", params=databases())
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack on a database of its own, for all tests of a file."""
    with ExitStack() as ends:
        url = ends.enter_context(empty_postgres()) if request.param == "postgres" else ""
        yield ends.enter_context(Stack(tmp_path_factory.mktemp("stack"), database_url=url))


def create_accounts(stack: Stack, number: int) -> list[str]:
    """Accounts made straight at the sandbox, as any client would."""
    body = (
        "country=US&business_type=company&controller[stripe_dashboard][type]=none&controller[fees][payer]=application"
        "&controller[losses][payments]=application&controller[requirement_collection]=application"
        "&capabilities[transfers][requested]=true&capabilities[card_issuing][requested]=true"
    )
    return [stack.stripe("POST", "/v1/accounts", body)["id"] for _ in range(number)]


def turn(stack: Stack, account: str) -> str | None:
    """What the mirror has of the account's last change; None while it has nothing of the account."""
    found = stack.ask(f"[a.data['metadata'].get('turn') for a in Account.objects.filter(id='{account}')]")
    return found[0] if found else None


def update(stack: Stack, account: str, turn: int) -> None:
    """A change that makes an account.updated event."""
    stack.stripe("POST", f"/v1/accounts/{account}", f"metadata[turn]={turn}&email=turn{turn}@example.com")


def unsettled(stack: Stack) -> int:
    """Events stored and not yet applied."""
    return stack.ask("Event.objects.exclude(state='done').count()")


def victims(stack: Stack) -> list[int]:
    """Every process of the worker: supervisor, cluster parent, sentinel, then workers, pusher and monitor."""
    found = [stack.part("worker")]
    for pid in found:  # grows while it is walked
        found += children(pid)
    return found


def kill_one(stack: Stack, chance: random.Random) -> None:
    """SIGKILL to one of them, or to the whole cluster group; a worker that is just starting is let come up first."""
    pids = wait_until(lambda: whole(stack), 30, "a whole worker" + stack.logs())
    try:
        if chance.random() < 0.25:
            os.killpg(pids[1], signal.SIGKILL)
        else:
            os.kill(chance.choice(pids), signal.SIGKILL)
    except ProcessLookupError:
        return


def whole(stack: Stack) -> list[int]:
    """The worker's processes, or [] while some of them are missing."""
    try:
        pids = victims(stack)
    except (AssertionError, OSError):
        return []
    return pids if len(pids) >= 7 else []


def test_events_survive_twenty_kills_and_are_applied_once(stack: Stack) -> None:
    chance = random.Random(20261123)
    accounts = create_accounts(stack, ACCOUNTS)
    total = ACCOUNTS * UPDATES
    moments = set(chance.sample(range(total), KILLS))
    for number in range(total):
        update(stack, accounts[number % ACCOUNTS], number // ACCOUNTS)
        if number in moments:
            kill_one(stack, chance)
    wait_until(lambda: all_delivered(stack), 60, "every event delivered" + stack.logs())
    wait_until(lambda: unsettled(stack) == 0, 60, "every event applied")
    stored = stack.ask("Event.objects.filter(type='account.updated').count()")
    assert stored >= total
    assert stack.ask("Event.objects.filter(state='dead').count()") == 0
    turns = stack.ask(f"[a.data['metadata'].get('turn') for a in Account.objects.filter(id__in={accounts})]")
    assert turns == [str(UPDATES - 1)] * ACCOUNTS
    changes = stack.ask(
        "[StateChange.objects.count(), len(set(StateChange.objects.values_list('source_id', 'subject', 'field')))]"
    )
    assert changes[0] == changes[1] > 0


def all_delivered(stack: Stack) -> bool:
    """Whether the console stored as many events as the sandbox made."""
    made = 0
    for account in ["", *stack.ask("list(Account.every.values_list('id', flat=True))")]:
        made += event_count(stack, account)
    return stack.ask("Event.objects.count()") >= made


def event_count(stack: Stack, account: str) -> int:
    """How many events the sandbox lists for an account, or for the platform."""
    count, after = 0, ""
    while True:
        page = stack.stripe("GET", f"/v1/events?limit=100{after}", account=account)
        count += len(page["data"])
        if not page["has_more"]:
            return count
        after = f"&starting_after={page['data'][-1]['id']}"


def test_a_killed_idle_worker_is_noticed_and_replaced(stack: Stack) -> None:
    account = create_accounts(stack, 1)[0]
    wait_until(lambda: unsettled(stack) == 0, 30, "the first events applied")
    wait_until(lambda: whole(stack), 30, "a whole worker" + stack.logs())
    idle = stack.cluster()["rest"]
    for pid in idle:
        os.kill(pid, signal.SIGKILL)
    update(stack, account, 7)
    wait_until(lambda: turn(stack, account) == "7", 60, "applied")
    wait_until(lambda: set(whole(stack)) - set(idle), 60, "a whole worker again" + stack.logs())


def test_a_queue_that_is_away_costs_time_and_no_event(stack: Stack) -> None:
    account = create_accounts(stack, 1)[0]
    wait_until(lambda: unsettled(stack) == 0, 30, "the first events applied")
    rename(stack, "django_q_ormq", "django_q_away")
    update(stack, account, 9)
    wait_until(lambda: stack.ask("Event.objects.filter(payload__data__object__metadata__turn='9').count()"), 20, "kept")
    wait_until(lambda: turn(stack, account) == "9", 60, "applied")
    rename(stack, "django_q_away", "django_q_ormq")
    update(stack, account, 10)
    wait_until(lambda: turn(stack, account) == "10", 60, "as before")


def rename(stack: Stack, old: str, new: str) -> None:
    """Take a table away, or give it back."""
    stack.manage(
        "shell",
        "--no-imports",
        "-c",
        f"from django.db import connection; connection.cursor().execute('ALTER TABLE {old} RENAME TO {new}')",
    )

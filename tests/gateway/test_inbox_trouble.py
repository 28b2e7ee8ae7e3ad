"""Events that raise, kill or cannot be settled yet, and claims that keep processes apart."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, connections
from django.utils import timezone

from accounts.account.models import Account
from gateway import applying, claims, inbox, models
from gateway.models import Event
from tests.gateway.deliveries import (
    create_account,
    events_at_stripe,
    later,
    made_up,
    receive,
    state,
    turn,
    updates,
)
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_inbox")]


# Poison


def poison(monkeypatch: pytest.MonkeyPatch, *bad: str) -> None:
    """Witnessing these events raises."""

    def witness(cls: Any, event: Event) -> None:
        if event.pk in bad:
            raise ZeroDivisionError("secret\nof the second line")

    monkeypatch.setattr(Account, "witness", classmethod(witness))


def test_a_poisonous_event_dies_after_five_attempts_and_harms_no_neighbour(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = receive(*updates(sandbox, account, 5))
    poison(monkeypatch, ids[2])
    assert inbox.drain() == 4
    for attempt in range(2, 6):
        event = Event.objects.get(pk=ids[2])
        assert (event.state, event.attempts) == ("waiting", attempt - 1)
        assert event.next_try_at > timezone.now()
        later()
        assert inbox.drain() == 0
    dead = Event.objects.get(pk=ids[2])
    assert (dead.state, dead.attempts, dead.error) == ("dead", 5, "ZeroDivisionError: secret")
    assert turn(account) == "4"

    monkeypatch.undo()
    assert inbox.replay(dead.pk)
    assert inbox.drain() == 1
    assert state(dead.pk) == "done"
    assert not inbox.replay(dead.pk)


def test_a_poisonous_event_that_needs_a_fetch_harms_no_neighbour(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = updates(sandbox, account, 3)
    receive(events[-1])
    inbox.drain()
    ids = receive(*events[:2])
    poison(monkeypatch, ids[0])
    assert inbox.drain() == 1
    assert [state(one) for one in ids] == ["waiting", "done"]


SCRIPT = """
import os, sys, django
django.setup()
from accounts.account.models import Account
from gateway import inbox
def witness(cls, event):
    if event.pk == sys.argv[1]:
        os.kill(os.getpid(), 9)
Account.witness = classmethod(witness)
inbox.drain()
"""


def drain_in_a_process(sandbox: SandboxProcess, deadly: str) -> int:
    """Drain in a process that the event kills; its exit status."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = {**os.environ, "DATABASE_URL": url, "STRIPE_API_BASE": sandbox.url}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, deadly], env=environment, cwd=django_settings.BASE_DIR, timeout=60, check=False
    ).returncode


def test_an_event_that_kills_its_process_dies_and_its_neighbours_live(sandbox: SandboxProcess, account: str) -> None:
    neighbour = create_account(sandbox)
    receive(*events_at_stripe(sandbox, neighbour))
    inbox.drain()
    ids = receive(*updates(sandbox, account, 3), *updates(sandbox, neighbour, 2))
    for crash in range(1, 6):
        assert drain_in_a_process(sandbox, ids[1]) == -9
        assert Event.objects.release_dead() > 0
        assert Event.objects.get(pk=ids[1]).attempts == crash
        if crash == 3:
            assert [state(one) for one in ids] == ["done", "waiting", "done", "done", "done"]
    assert drain_in_a_process(sandbox, ids[1]) == 0
    assert Event.objects.get(pk=ids[1]).error == models.CRASHED
    assert state(ids[1]) == "dead"
    assert turn(account) == "2"


# When Stripe is away


def test_while_stripe_is_away_events_wait_longer_and_longer(sandbox: SandboxProcess, account: str) -> None:
    (event,) = updates(sandbox, account, 1)
    (kept,) = receive({**event, "api_version": "2020-08-27"})
    sandbox.control("faults", [{"match": "GET /v1/accounts/*", "times": 100, "fault": "500"}])
    pauses = []
    for _ in range(12):
        later()
        assert inbox.drain() == 0
        waiting = Event.objects.get(pk=kept)
        assert waiting.attempts == 0
        pauses.append((waiting.next_try_at or timezone.now()) - timezone.now())
    assert pauses[9] > timedelta(minutes=5)
    dead = Event.objects.get(pk=kept)
    assert (dead.state, dead.failures) == ("dead", 12)
    assert "Stripe could not be reached" in dead.error
    sandbox.control("faults", [])
    assert inbox.replay(kept)
    assert inbox.drain() == 1


def test_a_retry_after_is_honoured(account: str) -> None:
    from gateway.errors import Unreachable

    (kept,) = receive(made_up("account.updated", {"id": account, "object": "account"}, account))
    (event,) = Event.objects.claim_fresh()
    applying._note_unreachable([event], Unreachable("slow down", status=429, retry_after=500))
    assert Event.objects.get(pk=kept).next_try_at > timezone.now() + timedelta(seconds=490)


def test_an_account_that_cannot_be_read_yet_keeps_its_events_waiting(sandbox: SandboxProcess) -> None:
    account = create_account(sandbox)
    ids = receive(*events_at_stripe(sandbox, account))
    sandbox.control("faults", [{"match": "GET /v1/accounts/*", "times": 1, "fault": "500"}])
    assert inbox.drain() == 0
    assert {state(one) for one in ids} == {"waiting"}
    later()
    assert inbox.drain() == len(ids)


def test_a_key_without_the_right_to_read_is_an_error_and_no_farewell(sandbox: SandboxProcess, account: str) -> None:
    from tests.gateway.scripted import Scripted, good

    (event,) = updates(sandbox, account, 1)
    (kept,) = receive({**event, "api_version": "2020-08-27"})
    (strange,) = receive(made_up("account.updated", {"id": "acct_1Other", "object": "account"}, "acct_1Other"))
    refusal = b'{"error": {"type": "invalid_request_error", "message": "does not have the required permissions"}}'
    with Scripted(good(refusal, status=403)) as server:
        django_settings.STRIPE_API_BASE = server.url
        assert inbox.drain() == 0
    assert not Account.objects.get(pk=account).gone
    assert [state(one) for one in (kept, strange)] == ["waiting", "waiting"]
    assert "permissions" in Event.objects.get(pk=strange).error


# Claims


def test_objects_that_another_claim_holds_are_left_alone(sandbox: SandboxProcess, account: str) -> None:
    events = updates(sandbox, account, 2)
    receive(events[0])
    assert len(Event.objects.claim_fresh()) == 1
    receive(events[1])
    assert inbox.drain() == 0
    Event.objects.update(claimed_until=timezone.now())
    assert inbox.drain() == 2


def test_a_claim_takes_all_that_wait_for_the_object(sandbox: SandboxProcess, account: str, settings: Any) -> None:
    ids = receive(*updates(sandbox, account, 3))
    Event.objects.filter(pk=ids[1]).update(next_try_at=timezone.now() + timedelta(hours=1))
    assert {event.pk for event in Event.objects.claim_fresh()} == set(ids)
    claimed = Event.objects.get(pk=ids[0])
    assert claimed.claimed_by == claims.process_name()
    assert claimed.claimed_until <= timezone.now() + timedelta(seconds=settings.CLAIM_SECONDS)


def test_claims_made_at_once_never_share_an_object(sandbox: SandboxProcess) -> None:
    shown = [{"id": f"person_{one % 7}", "object": "person"} for one in range(70)]
    kept = receive(*(made_up("person.updated", each, "acct_1") for each in shown))
    taken: list[list[Event]] = []

    def take() -> None:
        taken.append(Event.objects.claim_fresh())
        connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claimed = [event.pk for events in taken for event in events]
    assert sorted(claimed) == sorted(kept)


def test_two_drains_at_once_apply_each_event_once(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Account, "witness", lambda event: told.append(event.pk))
    ids = receive(*updates(sandbox, account, 10))
    monkeypatch.setattr(models, "BATCH", 2)
    numbers: list[int] = []

    def drain() -> None:
        numbers.append(inbox.drain())
        connections.close_all()

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(numbers) == 10
    assert sorted(told) == sorted(ids)


def test_an_event_settled_by_another_is_not_settled_again(sandbox: SandboxProcess, account: str) -> None:
    receive(*updates(sandbox, account, 2))
    mine = Event.objects.claim_fresh()
    Event.objects.update(state="done")
    assert applying.apply(mine, float("inf")) == 0


def test_processes_that_ended_are_known_and_living_ones_too() -> None:
    here = claims.process_name().rpartition(":")[0]
    assert not claims.is_dead(claims.process_name())
    assert claims.is_dead(f"{here}:{2**22 + 1}")
    assert not claims.is_dead(f"elsewhere:pid:[1]:{2**22 + 1}")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert claims.is_dead(f"{here}:{ended.pid}")  # a zombie is dead
    ended.wait()


def test_claims_of_the_living_are_not_freed(account: str) -> None:
    receive(made_up("account.updated", {"id": account, "object": "account"}, account))
    Event.objects.claim_fresh()
    assert Event.objects.release_dead() == 0


def test_what_the_turn_leaves_is_given_back_untouched(sandbox: SandboxProcess, account: str) -> None:
    (event,) = updates(sandbox, account, 1)
    other = create_account(sandbox)
    receive({**event, "api_version": "2020-08-27"}, *events_at_stripe(sandbox, other))
    assert applying.apply(Event.objects.claim_fresh(), 0) == 0
    assert set(Event.objects.filter(state="waiting").values_list("attempts", "claimed_by")) == {(0, "")}
    Event.objects.filter(state="waiting").update(attempts=2)
    assert applying.apply_alone(Event.objects.claim_alone(), 0) == 0
    assert inbox.drain(limit=1) >= 1


def test_a_database_that_fails_blames_no_event(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(cls: Any, event: Event) -> None:
        raise OperationalError("server closed the connection")

    event, last = updates(sandbox, account, 2)
    receive(last)
    monkeypatch.setattr(Account, "witness", classmethod(away))
    with pytest.raises(OperationalError):
        inbox.drain()
    Event.objects.update(state="done")
    receive({**event, "api_version": "2020-08-27"})
    with pytest.raises(OperationalError):
        inbox.drain()
    assert not Event.objects.exclude(error="").exists()

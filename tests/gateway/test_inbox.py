"""How waiting events become rows of the mirror, and what becomes of those that cannot."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Account, Capability, Person
from gateway import applying, claims, clock, inbox, queue
from gateway.models import Event, Heartbeat
from tests.gateway.deliveries import (
    SECRET,
    create_account,
    create_person,
    events_at_stripe,
    made_up,
    receive,
    state,
    update_account,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def secrets(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STRIPE_CONNECT_WEBHOOK_SECRETS = [SECRET]
    monkeypatch.setattr(queue, "_woken", float("-inf"))
    monkeypatch.setattr(applying, "listeners", [])


@pytest.fixture
def account(sandbox: SandboxProcess) -> str:
    """A connected account that the mirror has, with nothing waiting."""
    account = create_account(sandbox)
    receive(*events_at_stripe(sandbox, account))
    inbox.drain()
    return account


def later() -> None:
    """All back-offs are over."""
    Event.objects.update(next_try_at=None)


def calls(sandbox: SandboxProcess, path: str = "/v1/") -> list[str]:
    """The reads that the sandbox answered."""
    return [each["path"] for each in sandbox.traffic() if each.get("method") == "GET" and path in each["path"]]


def turn(account: str) -> str:
    """The account's metadata.turn as the mirror has it."""
    return Account.objects.get(pk=account).data["metadata"]["turn"]


def updates(sandbox: SandboxProcess, account: str, number: int) -> list[dict[str, Any]]:
    """That many account.updated events, a second apart."""
    known = {event["id"] for event in events_at_stripe(sandbox, account)}
    for turned in range(number):
        sandbox.control("clock", {"advance": "2s"})
        update_account(sandbox, account, turn=turned)
    return [event for event in events_at_stripe(sandbox, account, "account.updated") if event["id"] not in known]


def test_an_account_that_the_mirror_lacks_is_read_and_its_events_applied(sandbox: SandboxProcess) -> None:
    account = create_account(sandbox)
    receive(*events_at_stripe(sandbox, account))
    assert inbox.drain() == Event.objects.filter(state="done").count() > 0
    row = Account.objects.get(pk=account)
    assert row.account_id == account
    assert row.data == sandbox.api("GET", f"/v1/accounts/{account}")[1]
    assert Capability.objects.get(pk=f"{account}.card_issuing").account_id == account


def test_an_account_that_is_not_ours_is_quarantined_until_it_is(sandbox: SandboxProcess) -> None:
    account = create_account(sandbox)
    events = events_at_stripe(sandbox, account)
    stranger = made_up("account.updated", {"id": "acct_1NotOursNotOurs", "object": "account"}, "acct_1NotOursNotOurs")
    (strange,) = receive(stranger)
    assert inbox.drain() == 0
    assert state(strange) == "quarantined"
    assert "Not an account of ours" in Event.objects.get().error
    assert not Account.every.exists()
    inbox.sweep()
    assert state(strange) == "quarantined"

    receive(*events)
    Event.objects.update(state="quarantined")
    Event.objects.filter(pk=strange).delete()
    inbox.sweep()
    assert inbox.drain() == 0  # still none that the mirror has
    Account.absorb_answer(read(sandbox, account), account=account)
    assert inbox.sweep() == len(events)
    assert inbox.drain() == len(events)


def read(sandbox: SandboxProcess, account: str) -> Any:
    from gateway import client

    return client.get(f"/v1/accounts/{account}", account=None)


def test_a_newer_event_is_absorbed_without_a_call(sandbox: SandboxProcess, account: str) -> None:
    events = updates(sandbox, account, 3)
    before = len(calls(sandbox))
    receive(*reversed(events))
    assert inbox.drain() == 3
    assert turn(account) == "2"
    assert len(calls(sandbox)) - before <= 3  # what the tests read themselves
    assert not [path for path in calls(sandbox)[before:] if path.startswith(f"/v1/accounts/{account}")]


def test_an_older_event_makes_one_call_for_all_that_wait(sandbox: SandboxProcess, account: str) -> None:
    events = updates(sandbox, account, 4)
    receive(events[-1])
    inbox.drain()
    before = len(calls(sandbox, f"/v1/accounts/{account}"))
    receive(*events[:-1])
    assert inbox.drain() == 3
    assert turn(account) == "3"
    assert len(calls(sandbox, f"/v1/accounts/{account}")) == before + 1


def test_an_event_of_another_version_is_not_absorbed(sandbox: SandboxProcess, account: str) -> None:
    (event,) = updates(sandbox, account, 1)
    changed = {**event["data"]["object"], "metadata": {"turn": "as another version has it"}}
    receive({**event, "api_version": "2020-08-27", "data": {"object": changed}})
    assert inbox.drain() == 1
    assert turn(account) == "0"


def test_an_event_with_a_list_cut_short_is_not_absorbed(sandbox: SandboxProcess, account: str) -> None:
    (event,) = updates(sandbox, account, 1)
    cut = {"object": "list", "data": [{"object": "bank_account"}], "has_more": True, "url": "/v1/x"}
    receive({**event, "data": {"object": {**event["data"]["object"], "external_accounts": cut, "metadata": {}}}})
    assert inbox.drain() == 1
    assert Account.objects.get().data["external_accounts"]["has_more"] is False
    assert turn(account) == "0"


def test_a_deleted_person_is_gone_for_good(sandbox: SandboxProcess, account: str) -> None:
    person = create_person(sandbox, account)
    sandbox.control("clock", {"advance": "5s"})
    sandbox.api("DELETE", f"/v1/accounts/{account}/persons/{person}")
    created, deleted = (events_at_stripe(sandbox, account, f"person.{kind}")[-1] for kind in ("created", "deleted"))
    receive(deleted)
    inbox.drain()
    receive(created)
    inbox.drain()
    row = Person.objects.get(pk=person)
    assert row.gone
    assert row.data["first_name"] == "Ada"
    assert row.gone_at == clock.from_unix(deleted["created"])


def test_a_person_that_was_deleted_before_its_event_is_read_is_gone(sandbox: SandboxProcess, account: str) -> None:
    person = create_person(sandbox, account)
    created = events_at_stripe(sandbox, account, "person.created")[-1]
    sandbox.api("DELETE", f"/v1/accounts/{account}/persons/{person}")
    receive({**created, "api_version": "2020-08-27"})
    assert inbox.drain() == 1
    assert not Person.objects.filter(pk=person).exists()
    assert Person.every.get(pk=person).gone


def test_a_deauthorized_account_is_gone(sandbox: SandboxProcess, account: str) -> None:
    application = {"id": "ca_1", "object": "application"}
    receive(made_up("account.application.deauthorized", application, account))
    assert inbox.drain() == 1
    row = Account.objects.get(pk=account)
    assert row.gone
    assert row.data["id"] == account


def test_an_event_in_the_name_of_another_account_changes_nothing(sandbox: SandboxProcess, account: str) -> None:
    other = create_account(sandbox)
    receive(*events_at_stripe(sandbox, other))
    person = create_person(sandbox, account)
    receive(*events_at_stripe(sandbox, account, "person.created"))
    inbox.drain()
    before = Person.objects.get(pk=person).data
    (forged,) = receive(made_up("person.updated", {**before, "first_name": "Eve"}, other))
    inbox.drain()
    assert Person.objects.get(pk=person).data == before
    assert "Misplaced" in Event.objects.get(pk=forged).error


def test_events_are_witnessed_by_created_and_once(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Account, "witness", lambda event: told.append(event.pk))
    events = updates(sandbox, account, 4)
    ids = [event["id"] for event in events]
    receive(*reversed(events[2:]))
    inbox.drain()
    receive(*events)
    inbox.drain()
    assert sorted(told[:2]) == sorted(ids[2:])
    assert told == [*ids[2:], *ids[:2]]


def test_what_a_fetch_finds_beyond_its_events_is_witnessed_as_a_gap(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gaps: list[tuple[Any, Any, str]] = []

    def difference(cls: Any, old: Any, new: Any, *, row: Any, source: str = "sync") -> None:
        gaps.append((old["metadata"], new["metadata"], source))

    monkeypatch.setattr(Account, "witness_difference", classmethod(difference))
    first, _ = updates(sandbox, account, 2)
    Account.every.update(as_of=first["created"])  # as after an event of the same second
    receive(first)
    inbox.drain()
    assert gaps == [({"turn": "0"}, {"turn": "1"}, "sync")]


def test_listeners_hear_of_settled_events_and_may_fail(sandbox: SandboxProcess, account: str) -> None:
    heard: list[str] = []

    def broken(events: list[Event]) -> None:
        raise RuntimeError("not my day")

    inbox.on_settled(broken)
    inbox.on_settled(lambda events: heard.extend(event.pk for event in events))
    ids = receive(*updates(sandbox, account, 2))
    assert inbox.drain() == 2
    assert heard == ids


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
from accounts.models import Account
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
        assert inbox.release_dead() > 0
        assert Event.objects.get(pk=ids[1]).attempts == crash
        if crash == 3:
            assert [state(one) for one in ids] == ["done", "waiting", "done", "done", "done"]
    assert drain_in_a_process(sandbox, ids[1]) == 0
    assert Event.objects.get(pk=ids[1]).error == claims.CRASHED
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
    (event,) = claims.claim_fresh()
    applying._postpone([event], Unreachable("slow down", status=429, retry_after=500))
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
    assert len(claims.claim_fresh()) == 1
    receive(events[1])
    assert inbox.drain() == 0
    Event.objects.update(claimed_until=timezone.now())
    assert inbox.drain() == 2


def test_a_claim_takes_all_that_wait_for_the_object(sandbox: SandboxProcess, account: str, settings: Any) -> None:
    ids = receive(*updates(sandbox, account, 3))
    Event.objects.filter(pk=ids[1]).update(next_try_at=timezone.now() + timedelta(hours=1))
    assert {event.pk for event in claims.claim_fresh()} == set(ids)
    claimed = Event.objects.get(pk=ids[0])
    assert claimed.claimed_by == claims.holder()
    assert claimed.claimed_until <= timezone.now() + timedelta(seconds=settings.CLAIM_SECONDS)


def test_claims_made_at_once_never_share_an_object(sandbox: SandboxProcess) -> None:
    kept = receive(*(made_up("person.updated", {"id": f"person_{one % 7}", "object": "person"}) for one in range(70)))
    taken: list[list[Event]] = []

    def take() -> None:
        taken.append(claims.claim_fresh())
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
    monkeypatch.setattr(claims, "BATCH", 2)
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
    mine = claims.claim_fresh()
    Event.objects.update(state="done")
    assert applying.apply(mine, float("inf")) == 0


def test_dead_holders_are_known_and_living_ones_too() -> None:
    here = claims.holder().rpartition(":")[0]
    assert not claims.is_dead(claims.holder())
    assert claims.is_dead(f"{here}:{2**22 + 1}")
    assert not claims.is_dead(f"elsewhere:pid:[1]:{2**22 + 1}")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert claims.is_dead(f"{here}:{ended.pid}")  # a zombie is dead
    ended.wait()


def test_claims_of_the_living_are_not_freed(account: str) -> None:
    receive(made_up("account.updated", {"id": account, "object": "account"}, account))
    claims.claim_fresh()
    assert inbox.release_dead() == 0


def test_what_the_turn_leaves_is_given_back_untouched(sandbox: SandboxProcess, account: str) -> None:
    (event,) = updates(sandbox, account, 1)
    other = create_account(sandbox)
    receive({**event, "api_version": "2020-08-27"}, *events_at_stripe(sandbox, other))
    assert applying.apply(claims.claim_fresh(), 0) == 0
    assert set(Event.objects.filter(state="waiting").values_list("attempts", "claimed_by")) == {(0, "")}
    Event.objects.filter(state="waiting").update(attempts=2)
    assert applying.apply_alone(claims.claim_alone(), 0) == 0
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


# The task


def test_work_lingers_and_leaves_nothing_behind(sandbox: SandboxProcess, account: str) -> None:
    receive(*updates(sandbox, account, 2))
    assert inbox.work() == 2
    assert inbox.work() == 0


def test_work_hands_on_when_its_turn_is_over(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    OrmQ.objects.all().delete()
    monkeypatch.setattr(inbox, "TURN", 0)
    receive(*updates(sandbox, account, 1))
    OrmQ.objects.all().delete()
    assert inbox.work() == 0
    assert [task.func() for task in OrmQ.objects.all()] == [queue.DRAIN]


def test_a_batch_costs_few_statements(sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Account, "witness", lambda event: event)
    receive(*updates(sandbox, account, 5))
    with CaptureQueriesContext(connection) as few:
        inbox.drain(limit=5)
    data = Account.objects.get().data
    moment = clock.timestamp() + 10
    numbers = range(60)
    many = [
        made_up("account.updated", {**data, "metadata": {"n": str(n)}}, account, created=moment + n) for n in numbers
    ]
    receive(*many)
    with CaptureQueriesContext(connection) as more:
        assert inbox.drain(limit=60) == 60
    assert len(more) <= len(few) <= 20


# Replay and forgetting


def test_an_ignored_event_can_be_replayed_once_its_kind_is_followed(account: str) -> None:
    (kept,) = receive(made_up("account.updated", {"id": account, "object": "account"}, account))
    Event.objects.update(state="ignored", object_key="")
    assert inbox.replay(kept)
    assert Event.objects.get(pk=kept).object_key == f"account:{account}"
    assert not inbox.replay("evt_unknown")


def test_persons_leave_old_events_and_the_rows_stay(sandbox: SandboxProcess, account: str) -> None:
    person = create_person(sandbox, account)
    single = create_account(sandbox, business_type="individual", **{"individual[first_name]": "Grace"})
    receive(*events_at_stripe(sandbox, account, "person.*"), *events_at_stripe(sandbox, single))
    inbox.drain()
    number = Event.objects.count()
    assert inbox.redact_old() == 0
    sandbox.control("clock", {"advance": "31d"})
    clock.forget()
    read(sandbox, account)
    assert inbox.redact_old() == 0  # looked within the hour
    Heartbeat.objects.filter(name="inbox.redact").update(at=timezone.now() - timedelta(hours=2))
    assert inbox.redact_old() > 0
    assert Event.objects.count() == number
    kept = [str(payload) for payload in Event.objects.values_list("payload", flat=True)]
    assert not [payload for payload in kept if "Ada" in payload or "Grace" in payload]
    assert Person.objects.get(pk=person).data["first_name"] == "Ada"

    event = Event.objects.get(type="person.created", payload__data__object__id=person)
    Event.objects.filter(pk=event.pk).update(state="dead")
    Person.every.filter(pk=person).delete()
    assert inbox.replay(event.pk)
    assert inbox.drain() == 1
    assert Person.objects.get(pk=person).data["first_name"] == "Ada"


def test_a_payload_without_a_person_is_not_touched() -> None:
    for data in (None, [], {"object": None}, {"object": {"id": "acct_1", "object": "account"}}):
        payload = {"id": "evt_1", "data": data}
        assert inbox.redacted(payload) is payload

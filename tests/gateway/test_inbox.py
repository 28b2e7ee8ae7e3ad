"""How waiting events become rows of the mirror."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.persons.models import Person
from gateway import clock, inbox, queue
from gateway.models import Event
from tests.gateway.deliveries import (
    calls,
    create_account,
    create_person,
    events_at_stripe,
    made_up,
    receive,
    state,
    turn,
    updates,
)
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_inbox")]


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
    before = calls(sandbox)
    receive(*reversed(events))
    assert inbox.drain() == 3
    assert turn(account) == "2"
    assert calls(sandbox) == before


def test_an_older_event_makes_one_call_for_all_that_wait(sandbox: SandboxProcess, account: str) -> None:
    events = updates(sandbox, account, 4)
    receive(events[-1])
    inbox.drain()
    before = len(calls(sandbox))
    receive(*events[:-1])
    assert inbox.drain() == 3
    assert turn(account) == "3"
    assert len(calls(sandbox)) == before + 1


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


# Replay


def test_an_ignored_event_can_be_replayed_once_its_kind_is_followed(account: str) -> None:
    (kept,) = receive(made_up("account.updated", {"id": account, "object": "account"}, account))
    Event.objects.update(state="ignored", object_key="")
    assert inbox.replay(kept)
    assert Event.objects.get(pk=kept).object_key == f"account:{account}"
    assert not inbox.replay("evt_unknown")

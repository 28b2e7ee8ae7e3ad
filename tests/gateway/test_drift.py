"""Where mirror and Stripe differ is found and said; nothing of the mirror is written."""

from typing import Any

import pytest

from accounts.account.models import Account
from accounts.history.models import StateChange
from accounts.persons.models import Person
from gateway import clock, drift, inbox, mirror, order, sync
from gateway.models import Drift
from tests.gateway.deliveries import create_account, create_person, events_at_stripe, receive, update_account
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_inbox")]
NOUNS = ["account", "person"]


@pytest.fixture
def accounts(sandbox: SandboxProcess) -> list[str]:
    """Three accounts with a person each, all in the mirror, and all a while ago."""
    accounts = [create_account(sandbox) for _ in range(3)]
    for account in accounts:
        create_person(sandbox, account)
    sync.run(NOUNS)
    sandbox.control("clock", {"advance": f"{2 * order.DOUBT}s"})
    return accounts


def rows() -> list[Any]:
    return [
        list(model.every.order_by("pk").values_list("pk", "data", "as_of", "revision", "gone_at"))
        for model in (Account, Person)
    ]


def found() -> list[tuple[str, str, list[str]]]:
    return list(Drift.objects.order_by("noun", "kind").values_list("object_id", "kind", "fields"))


@pytest.mark.parametrize("threads", [1, 4])
def test_what_differs_is_found_by_field_and_nothing_is_written(
    sandbox: SandboxProcess, accounts: list[str], threads: int
) -> None:
    update_account(sandbox, accounts[0], turn=1)
    lost, kept = Person.objects.get(account=accounts[1]), Person.objects.get(account=accounts[2])
    Person.every.filter(pk=lost.pk).delete()
    Person.every.create(id="person_gone", account_id=accounts[2], data={**kept.data, "id": "person_gone"}, revision=1)
    before, told = rows(), StateChange.objects.count()
    done = sync.compare(NOUNS, threads=threads)
    assert done.differences == 3
    assert found() == [
        (accounts[0], "differs", ["metadata.turn"]),
        ("person_gone", "gone", []),
        (lost.pk, "missing", []),
    ]
    assert (rows(), StateChange.objects.count()) == (before, told)


def test_a_mirror_that_agrees_has_no_finding_and_costs_the_lists_alone(
    sandbox: SandboxProcess, accounts: list[str]
) -> None:
    done = sync.compare(NOUNS)
    assert (done.differences, done.calls, found()) == (0, 4, [])


def test_what_was_put_right_is_no_finding_any_more(sandbox: SandboxProcess, accounts: list[str]) -> None:
    update_account(sandbox, accounts[0], turn=1)
    assert sync.compare(NOUNS).differences == 1
    sync.run(NOUNS)
    sandbox.control("clock", {"advance": "5s"})
    assert sync.compare(["person"]).differences == 0
    assert len(found()) == 1  # only what is compared again is judged again
    assert sync.compare(NOUNS).differences == 0
    assert found() == []


def test_what_is_there_again_is_found(sandbox: SandboxProcess, accounts: list[str]) -> None:
    Person.every.filter(account=accounts[0]).update(gone_at=clock.now())
    sync.compare(NOUNS)
    assert [kind for _, kind, _ in found()] == ["back"]


def test_a_change_whose_event_waits_is_no_finding(sandbox: SandboxProcess, accounts: list[str]) -> None:
    update_account(sandbox, accounts[0], turn=1)
    receive(events_at_stripe(sandbox, accounts[0])[-1])
    person = create_person(sandbox, accounts[1])
    assert sync.compare(["person"]).differences == 0  # a person of this minute: its event is on its way
    sandbox.control("clock", {"advance": f"{2 * order.DOUBT}s"})
    receive(*events_at_stripe(sandbox, accounts[1]))
    assert sync.compare(NOUNS).differences == 0
    inbox.drain()
    assert Person.objects.filter(pk=person).exists()
    assert sync.compare(NOUNS).differences == 0


def test_a_row_that_is_written_while_its_object_is_read_is_read_again(
    sandbox: SandboxProcess, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    update_account(sandbox, accounts[0], turn=1)
    read = mirror.read

    def overtaken(model: Any, row_id: str, account: str | None) -> Any:
        monkeypatch.setattr(mirror, "read", read)
        answer = read(model, row_id, account)
        Account.objects.get(pk=accounts[0]).refresh()
        return answer

    monkeypatch.setattr(mirror, "read", overtaken)
    assert sync.compare(NOUNS, threads=1).differences == 0


def test_of_an_account_that_is_missing_nothing_else_is_said(sandbox: SandboxProcess, accounts: list[str]) -> None:
    Account.every.filter(pk=accounts[0]).delete()
    Person.every.filter(account=accounts[0]).delete()
    sync.compare(NOUNS)
    assert found() == [(accounts[0], "missing", [])]


def test_fields_are_named_and_a_list_is_whole() -> None:
    old = {"a": {"b": 1, "c": [1]}, "same": {"x": None}, "left": 1}
    new = {"a": {"b": 2, "c": [1, 2]}, "same": {"x": None}, "came": {"y": 1}}
    assert list(drift.differing(old, new)) == ["a.b", "a.c", "came", "left"]


def test_a_finding_is_a_line_without_any_value() -> None:
    row = Drift(noun="person", object_id="person_1", kind="differs", fields=["dob.day", "phone"])
    assert str(row) == "person person_1 differs: dob.day, phone"
    assert str(Drift(noun="person", object_id="person_1", kind="missing")) == "person person_1 missing here"

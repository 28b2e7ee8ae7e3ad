"""What a reading found: it gives way to events, is dated as well as can be, and a first import is one line."""

from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.history import pages
from accounts.history.models import FIRST_READ, Requirement, StateChange
from accounts.persons.models import Person
from console.people.masking import Mask
from gateway import catch_up, clock, inbox, sync
from gateway.models import Event
from tests.accounts import builders
from tests.accounts.builders import requirements
from tests.accounts.history.test_history import ACCOUNT, event, told
from tests.gateway.deliveries import create_account, create_person
from tests.people import browser
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
NOON = 1_790_000_000
DAY = 86_400


def moment(second: int) -> datetime:
    found = clock.from_unix(NOON + second)
    assert found is not None
    return found


def read(model: Any, old: dict[str, Any] | None, new: dict[str, Any], at: int, before: int = 0) -> None:
    """A reading at the second `at` that found `new`, which was `old` when it was seen before."""
    row = model(id=model.row_id(new, ACCOUNT), account_id=ACCOUNT, data=new, as_of=NOON + at, revision=at)
    row.as_of_before = NOON + before if old is not None else 0
    model.witness_difference(old, new, row=row)


def lines(**options: Any) -> list[pages.Entry]:
    """The timeline, newest first."""
    timeline = pages.read(ACCOUNT, {}, Mask(may_see=True), **options)
    return [entry for day in timeline.days for entry in day.entries]


def due(*keys: str) -> dict[str, Any]:
    return builders.account_data(requirements=requirements(currently_due=list(keys)))


def person(number: int = 1, **values: Any) -> dict[str, Any]:
    return {"id": f"person_{number}", "object": "person", "created": NOON, **values}


def test_a_first_import_is_one_line_an_account() -> None:
    read(Account, None, due("a", "b", "c"), 500)
    capability = {"id": "card_issuing", "object": "capability", "status": "active", "requested_at": NOON}
    read(Capability, None, capability, 501)
    for number in range(5):
        read(Person, None, person(number, requirements={"past_due": ["dob"]}), 502)
    assert not Requirement.objects.exists()
    (line,) = lines()
    assert (line.text, line.strong, line.at) == ("The account was", "read here for the first time", moment(500))
    assert line.notes[0] == "It was created at Stripe on 21 Sep 2026, 14:13 UTC"


def test_what_has_no_moment_of_its_own_belongs_to_the_import_that_read_it() -> None:
    bank = {"id": "ba_1", "object": "bank_account"}
    read(Account, None, due(), 500)
    read(Person, None, {**bank, "object": "person"}, 900)
    assert StateChange.objects.count() == 1
    read(Person, None, {**bank, "id": "ba_2", "object": "person"}, 500 + 2 * DAY)
    assert StateChange.objects.filter(field="object").count() == 1


def test_what_came_after_the_first_import_is_dated_by_its_creation() -> None:
    read(Account, None, due(), 500)
    read(Person, None, person(created=NOON + 700), 5_000)
    line = lines()[0]
    assert (line.strong, line.at) == ("was first seen", moment(700))
    assert line.notes == ("Stripe’s event for it has not arrived",)


def test_an_acceptance_is_dated_by_itself() -> None:
    before, after = due(), {**due(), "tos_acceptance": {"date": NOON + 300}}
    read(Account, before, after, 5_000, before=100)
    (line,) = lines()
    assert (line.text, line.at) == ("Stripe’s services agreement:", moment(300))


def test_what_has_no_moment_says_that_it_is_dated_by_the_reading() -> None:
    read(Account, due(), due("a"), 5_000, before=100)
    (line,) = lines()
    assert line.at == moment(5_000)
    assert line.notes == (
        "Stripe’s event for it has not arrived: it was between 21 Sep 2026, 14:15 UTC and then",
    )  # fmt: skip


@pytest.mark.parametrize("late", [0, 3_600, 20 * DAY])
def test_a_row_gives_way_to_its_event_however_late_that_comes(late: int) -> None:
    read(Account, due(), due("a"), 100 + late, before=50)
    Account.witness(event(100, due("a"), {"requirements": {"currently_due": []}}))
    assert told() == [("evt_100", "a", "due")]


def test_a_row_is_not_written_where_its_event_has_come_already() -> None:
    Account.witness(event(100, due("a"), {"requirements": {"currently_due": []}}))
    read(Account, due(), due("a"), 100 + 10 * DAY, before=50)
    assert told() == [("evt_100", "a", "due")]


def test_an_earlier_event_of_the_same_is_another_change() -> None:
    Account.witness(event(10, due("a"), {"requirements": {"currently_due": []}}))
    Account.witness(event(20, due(), {"requirements": {"currently_due": ["a"]}}))
    read(Account, due(), due("a"), 100, before=20)
    Account.witness(event(10, due("a"), {"requirements": {"currently_due": []}}))
    assert [became for _, _, became in told()] == ["due", "met", "due"]


def test_what_came_and_went_and_came_again_is_no_repetition() -> None:
    Account.witness(event(60, due("a"), {"requirements": {"currently_due": []}}))
    Account.witness(event(70, due(), {"requirements": {"currently_due": ["a"]}}))
    read(Account, due(), due("a"), 100, before=50)
    assert [source for source, *_ in told()] == ["evt_60", "evt_70", "sync:acct_1Kestrel:100"]


def test_states_give_way_as_requirements_do() -> None:
    active = {"id": "card_issuing", "object": "capability", "status": "active"}
    stopped = {**active, "status": "inactive"}
    read(Capability, active, stopped, 100 + 5 * DAY, before=50)
    Capability.witness(event(100, stopped, {"status": "active"}, "capability.updated"))
    assert [row.source_id for row in StateChange.objects.all()] == ["evt_100"]


def test_every_fault_is_told_when_it_comes_and_when_it_goes() -> None:
    errors = [{"code": code, "reason": f"{code}!", "requirement": "company.name"} for code in ("x", "y")]
    faulty = builders.account_data(requirements=requirements(errors=errors))
    Account.witness(event(1, faulty, {"requirements": {"errors": []}}))
    assert lines()[0].notes == ("x!", "y!")
    Account.witness(event(2, builders.account_data(), {"requirements": {"errors": errors[:1]}}))
    found = Requirement.objects.filter(list="errors").order_by("at", "code").values_list("code", "became")
    assert list(found) == [("x", "due"), ("y", "due"), ("x", "met")]


def test_import_before_events_and_events_before_import_tell_the_same(sandbox: SandboxProcess) -> None:
    account = create_account(sandbox)
    create_person(sandbox, account)
    sync.run(threads=1)
    assert [row.field for row in StateChange.objects.filter(account=account)] == [FIRST_READ]
    assert not Requirement.objects.exists()
    catch_up.run()
    assert inbox.drain() == Event.objects.count() > 2
    assert {row.source for row in StateChange.objects.exclude(field=FIRST_READ)} == {"event"}
    first = lines_of(account)
    sandbox.control("clock", {"advance": "1d"})
    clock.forget()
    sync.run(threads=1)
    assert lines_of(account) == first


def lines_of(account: str) -> list[tuple[str, ...]]:
    rows = Requirement.objects.filter(account=account).order_by("pk")
    return [(row.source, row.key, row.list, row.became) for row in rows]


def test_the_overview_ends_after_eight_rows_with_a_link_to_all() -> None:
    builders.account()
    for number in range(30):
        data = person(number)
        Person.witness(event(7, data, None, "person.created") if number else event(8, data, None, "person.created"))
        StateChange.objects.filter(source_id="evt_7").update(source_id=f"evt_x{number}")
    answer = browser("otto").get(f"/connect/accounts/{ACCOUNT}")
    shown = [entry for day in answer.context["timeline"].days for entry in day.entries]
    assert len(shown) == 8
    assert f'href="/connect/accounts/{ACCOUNT}?tab=timeline">The whole timeline' in answer.content.decode()
    all_of_it = browser("otto").get(f"/connect/accounts/{ACCOUNT}?tab=timeline").context["timeline"]
    assert sum(len(day.entries) for day in all_of_it.days) == 30


def test_a_beginning_that_is_all_needs_no_link() -> None:
    builders.account()
    Person.witness(event(7, person(), None, "person.created"))
    assert "The whole timeline" not in browser("otto").get(f"/connect/accounts/{ACCOUNT}").content.decode()


def test_what_older_releases_wrote_of_a_first_import_becomes_one_line() -> None:
    account = builders.account()
    at = {"account": account, "at": moment(500), "source": "sync"}
    seen = {"noun": "account", "subject": ACCOUNT, "field": "object", "after": "created"}
    StateChange.objects.create(**at, source_id="sync:1", **seen)
    StateChange.objects.create(**at, source_id="sync:2", **{**seen, "noun": "person", "subject": "person_1"})
    for key in ("a", "b"):
        Requirement.objects.create(**at, source_id="sync:1", scope="account", key=key, list="past_due", became="due")
    later = {"account": account, "at": moment(DAY), "source": "sync", "scope": "account", "list": "past_due"}
    Requirement.objects.create(**later, source_id="sync:3", key="c", became="due")
    Requirement.objects.create(**later, source_id="sync:3", key="d", became="due")
    told_by_event = {**later, "source": "event", "at": moment(DAY - 60)}
    Requirement.objects.create(**told_by_event, source_id="evt_1", key="d", became="due")
    import_module("accounts.migrations.0006_told_once").give_way(apps, SimpleNamespace(connection=connection))
    assert [row.field for row in StateChange.objects.all()] == [FIRST_READ]
    assert {(row.key, row.source) for row in Requirement.objects.all()} == {("c", "sync"), ("d", "event")}


def test_what_a_reading_finds_gone_is_told_once_and_gives_way_to_its_event() -> None:
    row = Person(id="person_1", account_id=ACCOUNT, data=person(), as_of=NOON + 500, revision=3)
    row.gone_at, row.as_of_before = moment(500), NOON + 100
    for _ in range(2):
        Person.witness_difference(row.data, person(), row=row)
    (line,) = lines()
    assert (line.strong, line.at) == ("is no longer at Stripe", moment(500))
    Person.witness(event(300, person(), None, "person.deleted"))
    (line,) = lines()
    assert (line.who, line.at) == ("Stripe", moment(300))


def test_every_line_of_a_long_history_stands_on_one_page_and_only_there() -> None:
    about = {"account_id": ACCOUNT, "scope": "account", "list": "currently_due", "source": "event"}
    Requirement.objects.bulk_create(
        Requirement(key=key, became="due", at=moment(second), source_id=f"evt_{second}", **about)
        for second in range(40)
        for key in ("company.name", "company.phone")
    )
    before, seen = None, []
    while True:
        timeline = pages.read(ACCOUNT, {}, Mask(may_see=True), before=before, limit=8)
        seen += [entry.ids for day in timeline.days for entry in day.entries]
        if (before := timeline.older) is None:
            break
    assert seen == [(f"evt_{second}",) for second in reversed(range(40))]

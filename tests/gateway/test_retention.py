"""What leaves old events, and what stays of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from accounts.account.models import Account
from accounts.history.models import StateChange
from accounts.persons.models import Person
from gateway import clock, inbox, intake, retention
from gateway.models import Event, Heartbeat
from tests.gateway.deliveries import create_person, events_at_stripe, made_up, receive, updates
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_inbox")]


def month_later(sandbox: SandboxProcess) -> None:
    """Stripe's clock a month on, and known here."""
    sandbox.control("clock", {"advance": "31d"})
    clock.forget()
    Account.objects.first().refresh()  # type: ignore[union-attr]


def old(number: int, **columns: Any) -> list[str]:
    """The ids of that many events of two months ago that are done."""
    at = clock.timestamp() - 60 * 86400
    made = [
        Event(id=f"evt_{n:03d}", created=at + n, livemode=False, payload=made_up("x", {}), received_at=timezone.now())
        for n in range(number)
    ]
    Event.objects.bulk_create(made)
    Event.objects.filter(pk__in=[event.pk for event in made]).update(**{"state": "done", **columns})
    return [event.pk for event in made]


def test_old_events_that_are_done_lose_their_payload_and_nothing_else(sandbox: SandboxProcess, account: str) -> None:
    receive(*updates(sandbox, account, 2))
    inbox.drain()
    rows = list(Event.objects.order_by("pk").defer("payload", "dropped_at").values())
    history, data = list(StateChange.objects.values()), Account.objects.get().data
    assert history
    assert retention.drop_due() == 0
    month_later(sandbox)
    assert retention.drop_due() == len(rows)
    assert set(map(str, Event.objects.values_list("payload", flat=True))) == {str(retention.DROPPED)}
    assert not Event.objects.filter(dropped_at=None).exists()
    for before, now in zip(rows, Event.objects.order_by("pk").values(), strict=True):
        assert {**before, "payload": 0, "dropped_at": 0} == {**now, "payload": 0, "dropped_at": 0}
    assert list(StateChange.objects.values())[: len(history)] == history
    assert Account.objects.get().data == data
    assert retention.drop_due() == 0


def test_an_event_delivered_again_after_its_payload_was_dropped_changes_nothing(
    sandbox: SandboxProcess, account: str
) -> None:
    (event,) = updates(sandbox, account, 1)
    receive(event)
    inbox.drain()
    month_later(sandbox)
    retention.drop_due()
    receive(event)
    assert inbox.drain() == 0
    assert Event.objects.get(pk=event["id"]).payload == retention.DROPPED


@pytest.mark.parametrize("state", [state for state in Event.State.values if state != "done"])
def test_an_event_that_is_not_done_is_never_dropped(state: str) -> None:
    old(2, state=state)
    assert retention.drop_due() == 0
    assert not Event.objects.filter(payload=retention.DROPPED).exists()


def test_payloads_are_dropped_in_batches_oldest_first_and_what_was_interrupted_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    ids = old(8)
    assert next(retention.drop_old(clock.now())) == 3
    assert set(Event.objects.exclude(dropped_at=None).values_list("pk", flat=True)) == set(ids[:3])
    monkeypatch.setattr(retention, "SLICE", 0)
    assert retention.drop_due() == 3
    (task,) = [task for task in OrmQ.objects.all() if task.func() == "gateway.retention.drop_due"]
    monkeypatch.undo()
    assert retention.drop_due() == 2
    assert task


def test_a_batch_is_two_statements_however_large_it_is() -> None:
    costs = []
    for number in (2, 40):
        Event.objects.all().delete()
        old(number)
        with CaptureQueriesContext(connection) as queries:
            next(retention.drop_old(clock.now()))
        costs.append(len(queries))
    assert costs == [2, 2]


def test_what_is_due_is_found_by_an_index_of_its_own() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = retention.due(clock.now()).values_list("pk", flat=True)[:10].explain()
    assert "event_to_drop" in plan


def test_the_command_says_what_is_due_and_drops_it(capsys: pytest.CaptureFixture[str]) -> None:
    old(3)
    call_command("drop_payloads", "--dry-run")
    call_command("drop_payloads", "--days", "90")
    call_command("drop_payloads")
    assert capsys.readouterr().out.splitlines() == [
        "3 payloads are due.",
        "0 payloads dropped.",
        "3 payloads dropped.",
    ]
    with pytest.raises(CommandError, match="30 days"):
        call_command("drop_payloads", "--days", "29")


def test_persons_leave_old_events_that_are_not_done(sandbox: SandboxProcess, account: str) -> None:
    person = create_person(sandbox, account)
    receive(*events_at_stripe(sandbox, account, "person.*"))
    inbox.drain()
    Event.objects.filter(type__startswith="person.").update(state="dead")
    number = Event.objects.count()
    assert retention.redact_old() == 0
    month_later(sandbox)
    assert retention.redact_old() == 0  # looked within the hour
    Heartbeat.objects.filter(name="inbox.redact").update(at=timezone.now() - timedelta(hours=2))
    assert retention.redact_old() > 0
    assert Event.objects.count() == number
    assert not [payload for payload in Event.objects.values_list("payload", flat=True) if "Ada" in str(payload)]
    assert Person.objects.get(pk=person).data["first_name"] == "Ada"

    event = Event.objects.get(type="person.created")
    Person.every.filter(pk=person).delete()
    assert inbox.replay(event.pk)
    assert inbox.drain() == 1
    assert Person.objects.get(pk=person).data["first_name"] == "Ada"


def old_event(kind: str, data: dict[str, Any], state: str, second: int = 0) -> Event:
    """An event of two months ago."""
    payload, at = made_up(kind, data, "acct_1"), clock.timestamp() - 60 * 86400 + second
    event = intake.event_of({**payload, "created": at}, source="catch_up")
    event.state = state
    event.save()
    return event


@pytest.mark.parametrize("state", ["ignored", "quarantined", "dead"])
def test_persons_leave_old_events_of_what_nothing_follows(state: str) -> None:
    customer = {"id": "cus_1", "object": "customer", "name": "Ada", "email": "ada@example.com"}
    event = old_event("customer.created", customer, state)
    assert retention.redact_old() == 1
    event.refresh_from_db()
    assert event.payload["data"] == {"object": {"id": "cus_1", "object": "customer"}, "redacted": True}


def test_persons_are_not_dropped_before_their_time() -> None:
    event = old_event("customer.created", {"id": "cus_1", "object": "customer", "name": "Ada"}, "ignored", 40 * 86400)
    assert retention.redact_old() == 0
    event.refresh_from_db()
    assert "Ada" in str(event.payload)


def test_what_an_older_release_passed_over_is_redacted_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    Heartbeat.objects.create(name="inbox.redacted_until", at=timezone.now())  # as it noted it
    monkeypatch.setattr(retention, "READ_AT_ONCE", 3)
    monkeypatch.setattr(retention, "SLICE", 0)
    for second in (0, 0, 0, 0, 0, 1, 2):
        old_event("customer.created", {"id": "cus_1", "object": "customer", "name": "Ada"}, "ignored", second)
    assert retention.redact_old() == 3
    (task,) = [task for task in OrmQ.objects.all() if task.func() == "gateway.retention.redact_due"]
    assert task.task["args"] == (Event.objects.earliest("created").created,)
    monkeypatch.setattr(retention, "SLICE", 20)
    assert retention.redact_due(*task.task["args"]) == 4
    assert not [payload for payload in Event.objects.values_list("payload", flat=True) if "Ada" in str(payload)]
    assert retention.redact_due() == 0


def test_a_payload_that_was_dropped_meanwhile_is_not_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    event = old_event("customer.created", {"id": "cus_1", "object": "customer", "name": "Ada"}, "dead")
    redacted = retention.redacted

    def meanwhile(payload: dict[str, Any]) -> dict[str, Any]:
        Event.objects.filter(pk=event.pk).update(state="done")
        assert list(retention.drop_old(clock.now())) == [1]
        return redacted(payload)

    monkeypatch.setattr(retention, "redacted", meanwhile)
    assert retention.redact_old() == 0
    assert Event.objects.get().payload == retention.DROPPED


HOLDER = {"id": "ich_1", "object": "issuing.cardholder", "name": "Ada", "status": "active", "phone_number": "+1"}
CARD = {"id": "ic_1", "object": "issuing.card", "status": "active", "cardholder": HOLDER}


@pytest.mark.parametrize(
    "shown",
    [
        HOLDER,
        CARD,
        {"id": "iauth_1", "object": "issuing.authorization", "status": "active", "card": CARD, "cardholder": HOLDER},
        {"id": "ipi_1", "object": "issuing.transaction", "status": "active", "metadata": {"for": "Ada"}},
        {"id": "ba_1", "object": "bank_account", "status": "active", "account_holder_name": "Ada"},
    ],
    ids=lambda shown: shown["object"],
)
def test_persons_leave_and_the_state_stays(shown: dict[str, Any]) -> None:
    left = retention.redacted(made_up("x", {**shown, "account": "acct_1"}))["data"]
    assert "Ada" not in str(left)
    assert (left["object"]["id"], left["object"]["status"], left["redacted"]) == (shown["id"], "active", True)


def test_a_single_persons_account_keeps_the_rest_of_its_payload() -> None:
    shown = {"id": "acct_1", "object": "account", "individual": {"first_name": "Grace"}, "country": "US"}
    left = retention.redacted(made_up("account.updated", shown))["data"]
    assert left == {"object": {"id": "acct_1", "object": "account", "country": "US"}, "redacted": True}


def test_a_payload_without_a_person_is_not_touched() -> None:
    for data in (None, [], {"object": None}, {"object": {"id": "acct_1", "object": "account"}}):
        payload = {"id": "evt_1", "data": data}
        assert retention.redacted(payload) is payload

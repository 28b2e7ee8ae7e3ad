"""What no webhook brought is listed at Stripe, once, for the platform and for every account."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.persons.models import Person
from gateway import catch_up, clock, inbox, mirror
from gateway.errors import Refused
from gateway.models import Event, Heartbeat, SyncCursor
from tests.gateway.deliveries import (
    create_account,
    create_person,
    events_at_stripe,
    update_account,
)
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_inbox")]


def mirrored() -> list[tuple[str, Any]]:
    """All rows, as they are."""
    rows = [*Account.objects.all(), *Capability.objects.all(), *Person.objects.all()]
    return sorted((row.pk, row.data) for row in rows)


def listings(sandbox: SandboxProcess) -> int:
    return sum(each.get("method") == "GET" and "/v1/events" in each.get("path", "") for each in sandbox.traffic())


def test_after_two_hours_of_silence_the_mirror_ends_as_stripe_is(sandbox: SandboxProcess, account: str) -> None:
    catch_up.run()
    inbox.drain()
    sandbox.control("clock", {"advance": "2h"})
    update_account(sandbox, account, turn=7)
    person = create_person(sandbox, account)
    missed = catch_up.run()
    assert missed >= 2
    inbox.drain()
    assert Account.objects.get(pk=account).data == sandbox.api("GET", f"/v1/accounts/{account}")[1]
    assert Person.objects.get(pk=person).account_id == account
    assert not Event.objects.exclude(state__in=("done", "ignored")).exists()

    before = mirrored()
    assert catch_up.run() == 0
    assert inbox.drain() == 0
    assert mirrored() == before


def test_what_the_webhook_brought_is_not_stored_again(sandbox: SandboxProcess, account: str) -> None:
    number = Event.objects.filter(account=account).count()
    catch_up.run()
    assert Event.objects.filter(account=account).count() == number
    assert set(Event.objects.filter(account=account).values_list("source", flat=True)) == {"webhook"}


def test_later_runs_list_only_what_is_new(sandbox: SandboxProcess, account: str) -> None:
    for number in range(3):
        update_account(sandbox, account, turn=number)
    catch_up.run()
    sandbox.control("clock", {"advance": "3d"})
    clock.forget()
    mirror.read_account(account)
    catch_up.run()
    update_account(sandbox, account, turn="new")
    assert Event.objects.count() > 3
    Event.objects.all().delete()
    assert catch_up.run() == 1
    assert catch_up.run(since=1) > 1


def test_an_interrupted_walk_goes_on_where_it_stopped(sandbox: SandboxProcess, account: str) -> None:
    for number in range(110):
        update_account(sandbox, account, turn=number)
    Event.objects.all().delete()
    sandbox.control("faults", [{"match": "GET /v1/events", "times": 9, "fault": "reset_before"}])
    assert catch_up.run() == 0
    assert not Heartbeat.objects.filter(name=catch_up.FINISHED).exists()
    sandbox.control("faults", [])
    newest = events_at_stripe(sandbox, account)[-30]["id"]
    SyncCursor.objects.create(noun=catch_up.WALK, account=account, after=newest, started_at=clock.now())
    catch_up.run()
    assert not Event.objects.filter(pk=newest).exists()
    assert Event.objects.filter(account=account).count() == len(all_events(sandbox, account)) - 30
    assert not SyncCursor.objects.filter(noun=catch_up.WALK).exists()


def all_events(sandbox: SandboxProcess, account: str) -> list[Any]:
    from gateway import client

    return [event for page in client.pages("/v1/events", account=account) for event in page.data["data"]]


def test_a_long_run_hands_on_and_lists_no_account_twice(
    sandbox: SandboxProcess, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    OrmQ.objects.all().delete()
    monkeypatch.setattr(catch_up, "SLICE", 0)
    assert catch_up.run(since=5) == 0
    (task,) = (one.task for one in OrmQ.objects.all())
    assert task["func"] == "gateway.catch_up.run"
    monkeypatch.setattr(catch_up, "SLICE", 30)
    before = listings(sandbox)
    catch_up.run(*task["args"])
    catch_up.run(*task["args"])
    assert listings(sandbox) == before + 2


def test_an_account_that_left_is_gone_and_the_others_are_listed(sandbox: SandboxProcess, account: str) -> None:
    other = create_account(sandbox)
    mirror.read_account(other)
    sandbox.api("DELETE", f"/v1/accounts/{account}")
    catch_up.run()
    assert Account.objects.get(pk=account).gone
    assert Event.objects.filter(account=other).exists()


def test_a_key_that_may_not_list_is_an_error(sandbox: SandboxProcess, account: str, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_wrong"
    with pytest.raises(Refused):
        catch_up.run()


def test_an_event_that_is_none_is_passed_over(
    sandbox: SandboxProcess, account: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.gateway.scripted import Scripted, good

    caplog.set_level("WARNING", "gateway")
    page = b'{"object": "list", "has_more": false, "data": [{"id": "evt_bad", "object": "event"}]}'
    with Scripted(good(page)) as server:
        settings.STRIPE_API_BASE = server.url
        assert catch_up.run() == 0
    assert "evt_bad" in caplog.text


def test_it_is_due_an_hour_after_the_last_webhook_and_for_one_caller(account: str) -> None:
    Heartbeat.objects.filter(name="catch_up.begun").delete()
    assert catch_up.due()  # never run
    assert not catch_up.due()

    def finished(hours: float, heard: float) -> bool:
        Heartbeat.objects.filter(name="catch_up.begun").delete()
        ago = timezone.now() - timedelta(hours=hours)
        Heartbeat.objects.update_or_create(name=catch_up.FINISHED, defaults={"at": ago})
        Event.objects.update(received_at=timezone.now() - timedelta(hours=heard))
        return catch_up.due()

    assert not finished(hours=0.5, heard=3)
    assert not finished(hours=2, heard=0.1)
    assert finished(hours=2, heard=1.5)
    assert finished(hours=25, heard=0.1)
    Event.objects.all().delete()
    assert finished(hours=2, heard=0)

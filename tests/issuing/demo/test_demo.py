"""The demo world: the same seed, the same world; and where it is refused."""

import re
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.account.models import Account
from gateway import client, health
from gateway.models import Event
from issuing.authorizations.models import Authorization
from issuing.cards.models import Card
from issuing.demo.names import BUSINESSES
from issuing.demo.plan import plan
from issuing.management.commands import demo
from issuing.transactions.models import Transaction
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.alike

DAY = "2026-11-20"
END, DAYS = 1_795_197_600, 86_400


def world(end: int) -> list[Any]:
    """What the sandbox remembers, without ids; each account's authorizations with their seconds before `end`."""
    found: list[Any] = []
    for page in client.pages("/v1/accounts", account=None):
        for account in page.data["data"]:
            name, own = account["business_profile"]["name"], account["id"]
            due = sorted(re.sub("person_[^.]+", "person", key) for key in account["requirements"]["currently_due"])
            found.append((name, due, authorizations(own, end), cards(own)))
    return sorted(found, key=lambda account: str(account[0]))


def authorizations(account: str, end: int) -> list[Any]:
    rows = [each for page in client.pages("/v1/issuing/authorizations", account=account) for each in page.data["data"]]
    told = ((row["merchant_data"]["name"], row["amount"], row["status"]) for row in rows)
    reasons = (row["request_history"][-1]["reason"] for row in rows)
    moments = (pytest.approx(end - row["created"], abs=60) for row in rows)  # an authorization takes the time it takes
    return list(zip(told, reasons, moments, strict=True))


def cards(account: str) -> list[Any]:
    rows = [each for page in client.pages("/v1/issuing/cards", account=account) for each in page.data["data"]]
    return sorted((row["status"], row["cardholder"]["name"], str(row["spending_controls"])) for row in rows)


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_two_runs_with_one_seed_make_one_world(sandbox: SandboxProcess) -> None:
    call_command("demo", accounts=3, day=DAY, no_mirror=True)
    first = world(END)
    with pytest.raises(CommandError, match="not empty"):
        call_command("demo", accounts=3, day=DAY, no_mirror=True)
    assert world(END) == first
    call_command("demo", accounts=3, day="2026-12-08", no_mirror=True, reset=True)
    assert world(END + 18 * DAYS) == first
    assert len(first) == 3
    assert sum(len(account[2]) for account in first) > 100


@pytest.mark.django_db(transaction=True)
def test_the_mirror_is_in_step_afterwards(sandbox: SandboxProcess) -> None:
    out = StringIO()
    call_command("demo", accounts=1, day=DAY, stdout=out)
    assert "Events that still wait: " in out.getvalue()
    assert [str(account) for account in Account.objects.all()] == [BUSINESSES[0][1]]
    account = Account.objects.get()
    seen = {page_id for page in client.pages(Authorization.listed_at, account=account.pk) for page_id in ids(page)}
    assert set(Authorization.objects.values_list("pk", flat=True)) == seen
    assert Card.objects.exists()
    assert Transaction.objects.exists()


def test_how_many_events_still_wait_is_said_and_when_the_worker_is_done(db: None, capsys: Any) -> None:
    fields = {"type": "account.updated", "livemode": False, "payload": {}, "received_at": timezone.now()}
    Event.objects.create(id="evt_1", created=1, **fields)
    command = demo.Command()
    command.follow()
    assert "Events that still wait: 1. No worker runs" in capsys.readouterr().out
    health.beat(health.WORKER)
    Event.objects.update(state=Event.State.DONE)
    command.follow()
    assert "The worker is done: every event was applied" in capsys.readouterr().out


def ids(page: client.Answer) -> list[str]:
    return [each["id"] for each in page.data["data"]]


def test_a_demo_world_is_refused_outside_the_sandbox(settings: object) -> None:
    settings.SANDBOX = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="sandbox only"):
        call_command("demo")


@pytest.mark.parametrize("wrong", [{"accounts": 0}, {"accounts": 41}, {"day": "yesterday"}])
def test_a_wrong_size_or_time_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="--"):
        call_command("demo", **wrong)


def test_the_plan_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert plan(1, 40, END) == plan(1, 40, END)
    moved = [replace(step, at=step.at - 5 * DAYS) for step in plan(1, 40, END + 5 * DAYS)]
    assert [(step.at, step.params) for step in moved] == [(step.at, step.params) for step in plan(1, 40, END)]
    assert [step.params for step in plan(1, 4, END)] != [step.params for step in plan(2, 4, END)]


def test_the_plan_is_of_the_promised_size() -> None:
    steps = plan(1, 40, END)
    kinds = {kind: sum(step.kind == kind for step in steps) for kind in ("account", "cardholder", "card", "authorize")}
    assert kinds["account"] == 40
    assert 70 <= kinds["cardholder"] <= 95
    assert 110 <= kinds["card"] <= 140
    assert 2_200 <= kinds["authorize"] <= 2_900
    assert all(step.at <= END for step in steps)

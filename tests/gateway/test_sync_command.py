"""`manage.py sync`: what it takes, what it refuses, and what it says to people and machines."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from accounts.account.models import Account
from gateway import clock, inbox, sync, telling
from gateway.errors import Unreachable
from gateway.management.commands.sync import moment
from gateway.models import Drift, Event, SyncCursor
from gateway.processes import Ended
from gateway.telling import Telling
from gateway.walking import Progress
from tests.gateway.deliveries import create_account, create_person, update_account
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)
ONLY = ("--only", "account", "--only", "person")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def accounts(sandbox: SandboxProcess) -> list[str]:
    """Two accounts with a person each; the mirror has none of it."""
    accounts = [create_account(sandbox) for _ in range(2)]
    for account in accounts:
        create_person(sandbox, account)
    return accounts


def command(*options: str, err: io.StringIO | None = None) -> str:
    out = io.StringIO()
    call_command("sync", *options, stdout=out, stderr=err or io.StringIO())
    return out.getvalue()


def test_it_says_what_it_found(sandbox: SandboxProcess, accounts: list[str]) -> None:
    assert command(*ONLY) == "3 lists walked, 4 objects seen, 4 differed.\n"
    sandbox.api("DELETE", f"/v1/accounts/{accounts[0]}")
    assert command("--only", "person") == "2 lists walked, 1 objects seen, 0 differed, 1 lists refused by Stripe.\n"


def test_it_draws_a_bar_on_a_terminal(accounts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "ON_TERMINAL", 0.0)
    err = Terminal()
    command(*ONLY, err=err)
    assert "] 3 of 3 lists, 4 objects (" in err.getvalue()
    assert err.getvalue().endswith("\r\033[K")


def test_the_bar_stays_on_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    written: list[str] = []
    its = Telling(print, written.append, as_json=False, terminal=True)
    its(Progress(walked=1, lists=2, noun="x" * 60))
    assert len(written[0].removeprefix("\r\033[K")) == 39


def test_elsewhere_it_says_a_line_now_and_then(accounts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    err = io.StringIO()
    command(*ONLY, err=err)
    assert err.getvalue() == ""
    monkeypatch.setattr(telling, "ELSEWHERE", 0.0)
    command(*ONLY, err=err)
    assert "3 of 3 lists, 4 objects (" in err.getvalue().splitlines()[-1]
    assert "\033" not in err.getvalue()


def test_machines_read_lines_of_json(accounts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "AS_JSON", 0.0)
    lines = [json.loads(line) for line in command(*ONLY, "--json").splitlines()]
    assert {line["event"] for line in lines[:-1]} == {"progress"}
    last = lines[-1]
    assert last["event"] == "done"
    assert {name: last[name] for name in ("walked", "lists", "objects", "differences", "refused", "slowed")} == {
        "walked": 3, "lists": 3, "objects": 4, "differences": 4, "refused": 0, "slowed": 0,
    }  # fmt: skip
    assert last["seconds"] >= 0


def test_machines_read_what_went_wrong_as_well(accounts: list[str]) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("sync", "--json", "--only", "merchant", stdout=out)
    line = json.loads(out.getvalue())
    assert line["event"] == "error"
    assert line["message"].startswith("merchant: known are account")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--only", "merchant"), "merchant: known are account"),
        (("--account", "acct_unknown"), "acct_unknown"),
        (("--dry-run", "--account", "acct_unknown"), "acct_unknown: not known here"),
        (("--since", "2h", "--account", "acct_unknown"), "acct_unknown: not known here"),
        (("--since", "31d"), "Stripe keeps events for 30 days"),
        (("--since", "2199-01-01"), "has not come yet"),
        (("--since", "soon"), "neither like 90m, 12h or 7d nor a date"),
        (("--since", "2h", "--dry-run"), "goes with neither"),
        (("--since", "2h", "--processes", "2"), "goes with neither"),
        (("--since", "2h", "--only", "balance_transaction"), "Stripe sends no events of balance_tr"),
        (("--threads", "0"), "'0' is no number from 1 to 64"),
        (("--threads", "1e2"), "'1e2' is no number from 1 to 64"),
        (("--processes", "65"), "'65' is no number from 1 to 64"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(sandbox: SandboxProcess, options: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        command(*options)
    assert not Account.every.exists()
    assert not SyncCursor.objects.filter(noun__contains="since").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Unreachable("Stripe did not answer in time."), "goes on where it stopped"),
        (Ended("Process 4711 has ended."), "Process 4711 has ended. Run it again"),
        (OperationalError("server closed the connection"), "The database: server closed the connection. Run it again"),
        (KeyboardInterrupt(), "Interrupted. Run it again"),
    ],
)
def test_what_stops_it_says_how_to_go_on(error: BaseException, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any) -> None:
        raise error

    monkeypatch.setattr(sync, "run", stopped)
    with pytest.raises(CommandError, match=words):
        command()


def test_moments() -> None:
    assert [moment(text) for text in ("90m", "12h", "7d")] == [timedelta(minutes=90), timedelta(hours=12), timedelta(7)]
    assert moment("2026-11-20") == datetime(2026, 11, 20, tzinfo=UTC)
    assert moment("2026-11-20T08:00+02:00") == datetime(2026, 11, 20, 6, tzinfo=UTC)


# By events


def test_since_stores_the_events_that_are_missing_and_no_list_is_walked(
    sandbox: SandboxProcess, accounts: list[str], fresh_inbox: None
) -> None:
    command(*ONLY)
    sandbox.control("clock", {"advance": "2h"})
    clock.refresh()
    clock.forget()
    update_account(sandbox, accounts[0], turn=7)
    before = len(sandbox.traffic())
    assert command("--since", "1h") == "3 lists walked, 1 objects seen, 1 stored.\n"
    asked = [each["path"].split("?")[0] for each in sandbox.traffic()[before:] if each.get("method") == "GET"]
    assert asked == ["/v1/account", *["/v1/events"] * 3]
    assert not SyncCursor.objects.filter(noun__startswith="events").exists()  # catch-up has its own to list still
    assert inbox.drain() == 1
    assert Account.objects.get(pk=accounts[0]).data["metadata"] == {"turn": "7"}
    assert command("--since", "1h").endswith(" 0 stored.\n")


def test_since_with_only_asks_for_the_events_of_these_nouns(
    sandbox: SandboxProcess, accounts: list[str], fresh_inbox: None
) -> None:
    command(*ONLY)
    command("--since", "1h", "--only", "person", "--account", accounts[0])
    assert set(Event.objects.values_list("account", "type")) == {(accounts[0], "person.created")}


# How long it will take


def test_time_left_goes_by_the_lists_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    its = Telling(print, print, as_json=True, terminal=False)
    its.began -= 60
    its.progress = Progress(walked=50, lists=100, accounts=10, expected=30)
    assert its.all_lists() == 300
    assert its.figures()["seconds_left"] == 300
    assert "50 of 300 lists" in its.words()
    assert "5 min 00 s left" in its.words()
    its.progress = Progress(walked=50, lists=100, accounts=10)
    assert its.figures()["seconds_left"] is None
    assert "left" not in its.words()


# Comparing


def test_a_dry_run_prints_each_finding(accounts: list[str]) -> None:
    out = command("--dry-run", "--only", "account")
    assert Drift.objects.count() == 0  # they are as new as an event that is on its way
    assert out == "1 lists walked, 2 objects seen, 0 differ.\n"
    Drift.objects.create(noun="person", object_id="person_1", kind="gone", found_at=datetime.now(UTC))
    command(*ONLY)
    Account.every.filter(pk=accounts[0]).update(data={"id": accounts[0], "object": "account"})
    out = command("--dry-run", "--only", "account").splitlines()
    assert out[0].startswith(f"account {accounts[0]} differs: ")
    assert "business_profile" in out[0]
    assert out[1:] == ["1 lists walked, 2 objects seen, 1 differ."]
    lines = list(map(json.loads, command("--dry-run", "--only", "account", "--json").splitlines()))
    told = [(line["object_id"], line["kind"]) for line in lines if line["event"] == "drift"]
    assert told == [(accounts[0], "differs")]

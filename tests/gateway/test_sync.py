"""Walking Stripe's lists: the first import, what nobody told us, and what is no more."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.persons.models import Person
from gateway import client, clock, order, sync, walking
from gateway.errors import Unreachable
from gateway.models import SyncCursor
from tests.gateway.deliveries import create_account, create_person, update_account
from tests.gateway.scripted import Scripted, good
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)
ROOM = {"account": Account, "bank_account": ExternalAccount, "capability": Capability, "person": Person}
NOUNS = list(ROOM)
ONLY = [option for noun in NOUNS for option in ("--only", noun)]
LISTS = {Person: "persons", Capability: "capabilities", ExternalAccount: "external_accounts"}


def at_stripe(sandbox: SandboxProcess, path: str) -> dict[str, Any]:
    """The objects of a list, by id."""
    return {one["id"]: one for page in client.pages(path, account=None) for one in page.data["data"]}


def reads(sandbox: SandboxProcess) -> list[str]:
    return [each["path"] for each in sandbox.traffic() if each.get("method") == "GET"]


@pytest.fixture
def accounts(sandbox: SandboxProcess) -> list[str]:
    """Three accounts with a person each; the mirror has none of it."""
    accounts = [create_account(sandbox) for _ in range(3)]
    for account in accounts:
        create_person(sandbox, account)
    return accounts


def test_everything_is_imported(sandbox: SandboxProcess, accounts: list[str]) -> None:
    external = {"external_account": "btok_us"}
    assert sandbox.api("POST", f"/v1/accounts/{accounts[0]}/external_accounts", external)[0] == 200
    done = sync.run(NOUNS)
    assert {row.pk: row.data for row in Account.objects.all()} == at_stripe(sandbox, "/v1/accounts")
    for account in accounts:
        for model, listed_as in (
            (Person, "persons"),
            (Capability, "capabilities"),
            (ExternalAccount, "external_accounts"),
        ):
            rows = {row.data["id"]: row.data for row in model.objects.filter(account=account)}
            assert rows == at_stripe(sandbox, f"/v1/accounts/{account}/{listed_as}")
    assert done.walked == done.lists == 1 + 3 * len(accounts)
    assert done.objects == done.differences == sum(model.objects.count() for model in ROOM.values())


def test_a_second_run_finds_nothing_and_fetches_nothing(sandbox: SandboxProcess, accounts: list[str]) -> None:
    sync.run(NOUNS)
    before = len(reads(sandbox))
    done = sync.run(NOUNS, threads=1)
    assert done.differences == 0
    assert len(reads(sandbox)) - before == done.lists


def test_a_difference_is_written_and_given_to_its_history(
    sandbox: SandboxProcess, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sync.run(NOUNS)
    told: list[Any] = []
    monkeypatch.setattr(Account, "witness_differences", lambda found: told.extend(found))
    old = Account.objects.get(pk=accounts[1]).data
    sandbox.control("clock", {"advance": f"{order.DOUBT + 5}s"})
    update_account(sandbox, accounts[1], turn=1)
    assert sync.run(nouns=["account"]).differences == 1
    row = Account.objects.get(pk=accounts[1])
    assert told == [(old, row.data, row)]


def test_what_changed_this_minute_is_read_by_itself(sandbox: SandboxProcess, accounts: list[str]) -> None:
    sync.run(NOUNS)
    update_account(sandbox, accounts[1], turn=1)
    before = len(reads(sandbox))
    assert sync.run(nouns=["account"]).differences == 1
    assert Account.objects.get(pk=accounts[1]).data["metadata"] == {"turn": "1"}
    assert f"/v1/accounts/{accounts[1]}" in reads(sandbox)[before:]


def test_what_no_list_shows_any_more_is_gone(sandbox: SandboxProcess, accounts: list[str]) -> None:
    sync.run(NOUNS)
    person = Person.objects.get(account=accounts[0])
    sandbox.control("clock", {"advance": "2m"})
    sandbox.api("DELETE", f"/v1/accounts/{accounts[0]}/persons/{person.pk}")
    sandbox.api("DELETE", f"/v1/accounts/{accounts[2]}")
    sync.run(NOUNS)
    assert Person.objects.get(pk=person.pk).gone
    assert [Account.objects.get(pk=account).gone for account in accounts] == [False, False, True]


class StoppedError(Exception):
    """As good as a kill: nothing is written after it."""


def test_an_interrupted_run_goes_on_where_it_stopped(
    sandbox: SandboxProcess, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(progress: walking.Progress) -> None:
        if progress.walked == 4:
            raise StoppedError

    monkeypatch.setattr(walking, "LISTS", 1)
    with pytest.raises(StoppedError):
        sync.run(NOUNS, progress=stop, threads=1)
    before = len(reads(sandbox))
    assert sync.run(NOUNS).walked == 3 * 3 - 4 + 1  # and the list of accounts, which had led to them
    assert len(reads(sandbox)) - before == 3 * 3 - 4 + 1
    assert Person.objects.count() == 3
    assert not SyncCursor.objects.exclude(noun="run").exists()


def test_a_list_is_resumed_behind_its_last_page(sandbox: SandboxProcess) -> None:
    for _ in range(105):
        create_account(sandbox)
    ids = list(at_stripe(sandbox, "/v1/accounts"))
    run = SyncCursor.objects.create(noun="run", account="account|", started_at=clock.now())
    SyncCursor.objects.create(noun="account", after=f"0:{ids[99]}", started_at=run.started_at)
    assert sync.run(nouns=["account"]).objects == 5
    assert sync.run(nouns=["account"]).objects == 105
    assert Account.objects.count() == 105


def test_only_what_is_asked_for_is_walked(sandbox: SandboxProcess, accounts: list[str]) -> None:
    sync.run(nouns=["person"], accounts=[accounts[1]])
    assert list(Account.objects.values_list("pk", flat=True)) == [accounts[1]]
    assert Person.objects.get().account_id == accounts[1]
    assert not Capability.objects.exists()


def test_an_account_that_left_during_the_run_stops_nothing(sandbox: SandboxProcess, accounts: list[str]) -> None:
    sync.run(nouns=["account"])
    sandbox.api("DELETE", f"/v1/accounts/{accounts[0]}")
    assert sync.run(NOUNS[1:]).refused == 3
    assert Person.objects.count() == 2
    assert "3 lists refused by Stripe" in command(*ONLY[2:], "--threads", "1")


def test_kinds_that_nothing_follows_are_passed_over(account_page: None) -> None:
    assert sync.run(nouns=["account"]).objects == 1


@pytest.fixture
def account_page(settings: Any) -> Any:
    objects = [{"id": "acct_1", "object": "account"}, {"id": "x", "object": "odd"}]
    page = json.dumps({"object": "list", "has_more": False, "data": objects}).encode()
    with Scripted(good(page)) as server:
        settings.STRIPE_API_BASE = server.url
        yield


def test_a_stripe_that_stumbles_is_asked_again(
    sandbox: SandboxProcess, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unreachable, "wait", lambda *_: 0)
    sandbox.control("faults", [{"match": "GET /v1/accounts*", "times": 4, "fault": "503"}])
    assert sync.run(NOUNS, threads=1).objects > 3


def command(*options: str) -> str:
    out = io.StringIO()
    call_command("sync", *options, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_found(sandbox: SandboxProcess, accounts: list[str]) -> None:
    assert command(*ONLY) == f"{1 + 3 * 3} lists walked, 12 objects seen, 12 differed.\n"


def test_the_command_says_what_went_wrong(
    sandbox: SandboxProcess, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="known are account"):
        command("--only", "merchant")
    with pytest.raises(CommandError, match="acct_unknown"):
        command("--account", "acct_unknown")
    assert not Account.every.exists()
    monkeypatch.setattr(Unreachable, "wait", lambda *_: 0)
    sandbox.control("faults", [{"match": "GET /v1/accounts", "times": 5, "fault": "503"}])
    with pytest.raises(CommandError, match="goes on where it stopped"):
        command()

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sync, "run", interrupted)
    with pytest.raises(CommandError, match="Interrupted"):
        command()

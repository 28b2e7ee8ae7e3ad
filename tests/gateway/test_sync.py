"""Walking Stripe's lists: the first import, what nobody told us, and what is no more."""

import json
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.persons.models import Person
from gateway import client, clock, order, sync, walking
from gateway.errors import Refused, Unreachable
from gateway.models import SyncCursor
from gateway.walks import Cursors
from tests.gateway.deliveries import create_account, create_person, update_account
from tests.gateway.scripted import Answer, Scripted, good
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)
ROOM = {"account": Account, "bank_account": ExternalAccount, "capability": Capability, "person": Person}
NOUNS = list(ROOM)
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
    SyncCursor.objects.create(noun=f"{sync.scope(run)}account", after=f"0:{ids[99]}", started_at=run.started_at)
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


def test_kinds_that_nothing_follows_are_passed_over(account_page: None) -> None:
    assert sync.run(nouns=["account"]).objects == 1


@pytest.fixture
def account_page(settings: Any) -> Any:
    objects = [{"id": "acct_1", "object": "account"}, {"id": "x", "object": "odd"}]
    page = json.dumps({"object": "list", "has_more": False, "data": objects}).encode()
    with Scripted(good(page)) as server:
        settings.STRIPE_API_BASE = server.url
        yield


class Lists:
    """A Stripe of many accounts, and as many persons of each as are said; it notes what it was asked."""

    def __init__(self, accounts: int, persons: int = 0) -> None:
        self.accounts = [f"acct_{number:04d}" for number in reversed(range(accounts))]
        self.persons = persons
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[int, Answer] = {}  # by number of call

    def __call__(self, method: str, address: str) -> Answer:
        parts = urlsplit(address)
        after = dict(parse_qsl(parts.query)).get("starting_after", "")
        if parts.path == "/v1/account":
            return good()
        self.asked.append((parts.path, after))
        if len(self.asked) in self.answers:
            return self.answers[len(self.asked)]
        account = parts.path.split("/")[3] if parts.path.count("/") > 3 else ""
        ids = (
            [f"person_{account}_{number:04d}" for number in reversed(range(self.persons))] if account else self.accounts
        )
        left = ids[ids.index(after) + 1 :] if after else ids
        objects = [{"id": each, "object": "person" if account else "account"} for each in left[:100]]
        body = {"object": "list", "has_more": len(left) > 100, "data": objects}
        return good(json.dumps(body).encode(), Date=formatdate(usegmt=True))


@pytest.mark.parametrize("threads", [1, 4])
def test_a_killed_run_goes_on_at_the_page_where_it_stood(
    scripted: Any, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    stripe = Lists(accounts=450)
    scripted(stripe)
    monkeypatch.setattr(walking, "LISTS", 1)
    save = Cursors.save

    stood: list[str] = []

    def save_or_die(cursors: Cursors) -> None:
        save(cursors)
        stood_at = SyncCursor.objects.filter(noun__endswith=".account", after__range=("0:", "0:acct_0250"))
        stood[:] = stood_at.values_list("after", flat=True)
        if stood and stood[0]:
            raise StoppedError

    monkeypatch.setattr(Cursors, "save", save_or_die)
    with pytest.raises(StoppedError):
        sync.run(nouns=["account"], threads=threads)
    monkeypatch.setattr(Cursors, "save", save)
    stripe.asked.clear()
    left = int(stood[0].removeprefix("0:acct_"))
    assert sync.run(nouns=["account"], threads=threads).objects == left <= 250
    assert stripe.asked == [("/v1/accounts", f"acct_{after:04d}") for after in range(left, 0, -100)]
    assert Account.objects.count() == 450


def test_a_killed_run_goes_on_within_the_lists_that_it_was_in(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stripe = Lists(accounts=3, persons=250)
    scripted(stripe)
    monkeypatch.setattr(walking, "LISTS", 1)

    def stop(progress: walking.Progress) -> None:
        if progress.objects == 3 + 250 + 100 and progress.calls == 1 + 3 + 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        sync.run(nouns=["account", "person"], progress=stop, threads=1)
    stripe.asked.clear()
    sync.run(nouns=["account", "person"], threads=1)
    persons = [(path.split("/")[3], after[-4:]) for path, after in stripe.asked if path.endswith("/persons")]
    assert ("acct_0002", "") not in persons
    assert Person.objects.count() == 750


def killed(after: int, **asked: Any) -> None:
    """A run that is killed when it has seen so many objects."""

    def stop(progress: walking.Progress) -> None:
        if progress.objects >= after:
            raise StoppedError

    with pytest.raises(StoppedError):
        sync.run(progress=stop, threads=1, **asked)


def test_a_run_does_not_go_on_where_one_with_other_arguments_stood(
    scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(Lists(accounts=450, persons=1))
    monkeypatch.setattr(walking, "LISTS", 1)
    killed(130, nouns=["account", "person"])
    killed(400, nouns=["account"])  # it leads to no persons
    sync.run(nouns=["account", "person"], threads=1)
    assert (Account.objects.count(), Person.objects.count()) == (450, 450)
    assert sync.run(nouns=["account"], threads=1).objects < 450
    assert not SyncCursor.objects.exclude(noun="run").exists()


GONE = {"error": {"code": "resource_missing", "param": "starting_after", "message": "No such object", "type": "x"}}


@pytest.mark.parametrize("threads", [1, 4])
def test_a_list_begins_anew_where_the_object_at_which_it_stood_is_gone(
    scripted: Any, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    stripe = Lists(accounts=450)
    scripted(stripe)
    monkeypatch.setattr(walking, "LISTS", 1)
    killed(200, nouns=["account"])
    number = len(stripe.asked)
    stripe.answers = {number + 1: good(json.dumps(GONE).encode(), status=400)}
    done = sync.run(nouns=["account"], threads=threads)
    assert stripe.asked[number + 1 :][0] == ("/v1/accounts", "")
    assert stripe.asked[number][1]  # it had stood behind a page
    assert (done.objects, done.refused, Account.objects.count()) == (450, 0, 450)


def test_the_list_of_an_account_begins_anew_too(scripted: Any) -> None:
    stripe = Lists(accounts=1, persons=250)
    stripe.answers = {3: good(json.dumps(GONE).encode(), status=400)}  # behind the first page of its persons
    scripted(stripe)
    done = sync.run(nouns=["account", "person"], threads=1)
    assert (done.refused, Person.objects.count()) == (0, 250)


def test_a_list_that_never_goes_on_ends_the_run(scripted: Any) -> None:
    stripe = Lists(accounts=1, persons=250)
    stripe.answers = dict.fromkeys(range(3, 99, 2), good(json.dumps(GONE).encode(), status=400))
    scripted(stripe)
    with pytest.raises(Refused, match="No such object"):
        sync.run(nouns=["account", "person"], threads=1)


def test_a_429_lowers_the_pace_and_no_page_is_lost(scripted: Any) -> None:
    stripe = Lists(accounts=330, persons=1)
    error = {"error": {"code": "rate_limit", "message": "Slow down"}}
    refusal = good(json.dumps(error).encode(), status=429, Retry_After="0.1")
    stripe.answers = dict.fromkeys((2, 5, 6, 7, 30), refusal)
    scripted(stripe)
    done = sync.run(nouns=["account", "person"])
    assert done.slowed == 5
    assert (Account.objects.count(), Person.objects.count()) == (330, 330)
    assert done.calls == done.walked + 3 == 334
    assert len(stripe.asked) == 334 + 5


def test_lists_of_accounts_are_walked_while_the_list_of_accounts_goes_on(scripted: Any) -> None:
    stripe = Lists(accounts=330, persons=1)
    scripted(stripe)
    sync.run(nouns=["account", "person"], threads=2)
    paths = [path for path, _ in stripe.asked]
    last = max(place for place, path in enumerate(paths) if path == "/v1/accounts")
    assert last > 200


def test_accounts_without_lists_end_nothing(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stripe = Lists(accounts=250, persons=1)
    scripted(stripe)
    sync.run(nouns=["account"])
    monkeypatch.setattr(Person, "listed_for", lambda accounts: [each for each in accounts if each == "acct_0249"])
    assert sync.run(nouns=["person"], threads=1).walked == 1
    assert sync.run(nouns=["person"]).accounts == 250


def test_a_list_that_does_not_go_on_is_no_endless_one(scripted: Any) -> None:
    page = {"object": "list", "has_more": True, "data": [{"id": "acct_1", "object": "account"}]}
    scripted(lambda *_: good(json.dumps(page).encode()))
    with pytest.raises(Unreachable, match="does not go on"):
        sync.run(nouns=["account"], threads=1)


def test_a_stripe_that_stumbles_is_asked_again(
    sandbox: SandboxProcess, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unreachable, "wait", lambda *_: 0)
    sandbox.control("faults", [{"match": "GET /v1/accounts*", "times": 4, "fault": "503"}])
    assert sync.run(NOUNS, threads=1).objects > 3

"""Funds, read again: after what events, how far back, and each account's alone."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from accounts.account.models import Account
from gateway import applying, claims, client, clock, inbox, intake, mirror, nouns, reading
from gateway.client import Answer
from gateway.errors import Unreachable
from gateway.models import Event, Heartbeat
from issuing.balances.models import Balance, BalanceTransaction
from issuing.funds import models as funds
from issuing.funds.models import FundsDue
from issuing.transactions.models import Transaction
from tests.gateway.deliveries import made_up
from tests.issuing.acting import available
from tests.issuing.conftest import Do, buy, fund, issuing_account, make_card
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def event(kind: str, account_id: str) -> Event:
    return Event(id="evt_1", type=kind, account=account_id, created=1, payload={})


def settled(events: list[Event]) -> None:
    """As gateway tells of them: within their transaction, and after it."""
    funds.note(events)
    funds.on_events(events)


def moved(*account_ids: str) -> None:
    settled([event("issuing_authorization.created", account_id) for account_id in account_ids])


def reads(sandbox: SandboxProcess) -> list[str]:
    """The paths about funds that the sandbox was asked for."""
    asked = [str(each.get("path")).partition("?")[0] for each in sandbox.traffic() if each.get("method") == "GET"]
    return [path for path in asked if path.startswith("/v1/balance")]


def test_events_that_move_money_make_funds_due_once_for_each_account() -> None:
    settled(
        [
            event("issuing_authorization.created", "acct_1"),
            event("issuing_transaction.created", "acct_1"),
            event("topup.succeeded", "acct_2"),
            event("issuing_card.updated", "acct_3"),
            event("topup.created", ""),
        ]
    )
    moved("acct_1")
    assert list(FundsDue.objects.order_by("account").values_list("account", flat=True)) == ["acct_1", "acct_2"]
    assert [task.func() for task in OrmQ.objects.all()] == [funds.READ_DUE]


def authorized(account_id: str, number: int = 1) -> None:
    """Events of that many authorizations of an account, received."""
    for each in range(number):
        shown = {"id": f"iauth_{account_id}_{each}", "object": "issuing.authorization", "created": clock.timestamp()}
        payload = made_up("issuing_authorization.created", shown, account_id)
        intake.keep([intake.event_of(payload, source="webhook")])


def test_whose_funds_are_due_is_kept_with_the_events_though_nobody_hears_of_them(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "listeners", [])  # as where the process ends with the commit
    authorized(account.pk)
    assert inbox.drain() > 0
    assert FundsDue.objects.get().account == account.pk


@pytest.mark.parametrize("kind", funds.MOVING)
def test_stripe_is_asked_for_every_kind_of_event_that_moves_money(kind: str) -> None:
    assert [name for name in nouns.event_types() if name.startswith(kind)]


@pytest.mark.parametrize("kind", ["payout.paid", "issuing_dispute.funds_reinstated"])
def test_money_that_an_object_without_a_mirror_moves_is_read(account: Account, kind: str) -> None:
    payload = made_up(kind, {"id": "its_1", "object": kind.partition(".")[0].replace("_", ".")}, account.pk)
    intake.keep([intake.event_of(payload, source="catch_up")])
    FundsDue.objects.all().delete()
    inbox.drain()
    assert Event.objects.get(pk=payload["id"]).state == "done"
    assert FundsDue.objects.get().account == account.pk
    assert funds.read_due() == 1


def test_events_whose_accounts_cannot_be_noted_are_not_done(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(events: Any) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    authorized(account.pk)
    noting = nouns.Noun(notes=away)
    monkeypatch.setattr(nouns, "_nouns", [*nouns._nouns, noting])
    with pytest.raises(OperationalError):
        inbox.drain()
    assert Event.objects.get(type="issuing_authorization.created").state == "waiting"
    assert not FundsDue.objects.exists()


def test_funds_of_a_batch_are_noted_by_one_statement_last_in_its_transaction(account: Account) -> None:
    authorized(account.pk, 5)
    with CaptureQueriesContext(connection) as queries:
        inbox.drain()
    said = [each["sql"] for each in queries if each["sql"].startswith(("INSERT", "UPDATE", "SAVEPOINT", "RELEASE"))]
    (place,) = [place for place, sql in enumerate(said) if "fundsdue" in sql]
    assert 'UPDATE "gateway_event"' in said[place - 1]
    assert said[place + 1].startswith("RELEASE")


def test_who_works_rows_off_waits_for_one_at_a_time() -> None:
    for account_id in ("acct_2", "acct_3", "acct_1"):
        moved(account_id)
    rows = FundsDue.objects.due().order_by("pk").claim()
    with CaptureQueriesContext(connection) as queries:
        funds._settle(rows)
    first = next(each["sql"] for each in queries if "fundsdue" in each["sql"])
    assert connection.vendor != "postgresql" or first.endswith("FOR NO KEY UPDATE SKIP LOCKED")
    assert not FundsDue.objects.exists()


def test_fifty_authorizations_of_an_account_are_one_reading(account: Account, sandbox: SandboxProcess) -> None:
    for _ in range(5):
        moved(*[account.pk] * 10)
    before = len(reads(sandbox))
    assert funds.read_due() == 1
    assert reads(sandbox)[before:] == ["/v1/balance", "/v1/balance_transactions"]
    assert not FundsDue.objects.exists()
    assert funds.read_due() == 0


def test_funds_of_many_accounts_are_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(path: str, params: Any = None, *, account: str, timeout: float | None = None) -> Answer:
        movement = {"id": f"txn_{account}", "object": "balance_transaction", "net": 5}
        page = {"object": "list", "data": [movement], "has_more": False}
        return Answer({"object": "balance"} if path == "/v1/balance" else page, clock.timestamp(), "", replayed=False)

    monkeypatch.setattr(client, "get", get)
    costs = []
    for number in (2, 60):
        account_ids = [f"acct_{number}x{each}" for each in range(number)]
        with CaptureQueriesContext(connection) as queries:
            assert funds.read_many(account_ids) == dict.fromkeys(account_ids, 1)
        costs.append(len(queries))
        assert Balance.objects.filter(account__in=account_ids).count() == number
    assert max(costs) <= 16
    assert BalanceTransaction.objects.count() == 62


def test_funds_are_read_as_far_back_as_they_are_known(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    assert BalanceTransaction.objects.of_issuing(account.pk).count() == 1
    row = buy(card)
    do("capture_test_authorization", row)
    assert funds.read_funds(account.pk) == 3  # held, given back, spent
    assert funds.read_funds(account.pk) == 0
    assert available(account) == 100_000 - 1250


class Books:
    """A Stripe whose one account has `number` balance transactions, two a page; from call `fails` on it is away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.ids = [f"txn_{each:03d}" for each in range(number, 0, -1)]  # newest first
        self.asked: list[str] = []
        self.fails: int | None = None
        monkeypatch.setattr(client, "get", self.get)

    def get(self, path: str, params: Any = None, *, account: str, timeout: float | None = None) -> Answer:
        if path == "/v1/balance":
            return Answer({"object": "balance"}, clock.timestamp(), "", replayed=False)
        if self.fails is not None and len(self.asked) >= self.fails:
            raise Unreachable("away")
        after, before = str(params.get("starting_after", "")), str(params.get("ending_before", ""))
        self.asked.append(f"after {after}" if after else f"before {before}" if before else "newest")
        first = self.ids.index(after) + 1 if after else max(self.ids.index(before) - 2, 0) if before else 0
        last = min(first + 2, self.ids.index(before)) if before else first + 2
        shown = [
            {"id": each, "object": "balance_transaction", "created": int(each[4:])} for each in self.ids[first:last]
        ]
        more = first > 0 if before else last < len(self.ids)
        return Answer({"object": "list", "data": shown, "has_more": more}, clock.timestamp(), "", replayed=False)

    @property
    def known(self) -> list[str]:
        """What the mirror has of it, newest first."""
        return list(BalanceTransaction.objects.order_by("-pk").values_list("pk", flat=True))


def movement(number: int) -> dict[str, Any]:
    return {"id": f"txn_{number:03d}", "object": "balance_transaction", "created": number}


def know(number: int) -> None:
    mirror.absorb_object(movement(number), account="acct_1", sent_at=clock.timestamp())


def test_balance_transactions_are_read_on_from_the_newest_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books(monkeypatch, 9)
    know(4)
    assert funds.read_funds("acct_1") == 5
    assert books.asked == ["newest", "before txn_004", "before txn_006", "before txn_008"]
    assert books.known == books.ids[:6]


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_an_interrupted_reading_leaves_no_gap(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    books = Books(monkeypatch, 9)
    know(4)
    books.fails = calls
    with pytest.raises(Unreachable):
        funds.read_funds("acct_1")
    assert books.known == books.ids[books.ids.index(books.known[0]) : 6]  # without a gap to what was known
    books.fails = None
    funds.read_funds("acct_1")
    assert books.known == books.ids[:6]


def test_when_the_turn_is_over_one_long_list_is_read_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    Books(monkeypatch, 9)
    read: list[str] = []
    monkeypatch.setattr(funds, "_read_since", lambda account: read.append(account) or 5)
    monkeypatch.setattr(funds, "_joined", lambda _: set())
    end = time.monotonic() + 60
    monkeypatch.setattr(funds, "time", SimpleNamespace(monotonic=lambda: end + 1))
    found = funds.read_many(["acct_1", "acct_2", "acct_3"], end)
    assert (read, found["acct_1"]) == (["acct_1"], 5)
    assert [type(found[each]) for each in ("acct_2", "acct_3")] == [reading.NotAsked] * 2


def test_an_account_of_which_nothing_is_known_is_read_whole_or_left_to_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books(monkeypatch, 7)
    monkeypatch.setattr(funds, "MOST_PAGES", 3)
    assert funds.read_funds("acct_1") == 0
    assert books.known == []
    monkeypatch.setattr(funds, "MOST_PAGES", 4)
    assert funds.read_funds("acct_1") == 7
    assert books.known == books.ids


def test_funds_are_read_later_while_stripe_cannot_be_reached(account: Account, sandbox: SandboxProcess) -> None:
    moved(account.pk)
    sandbox.control("faults", [{"match": "GET /v1/balance", "times": 1, "fault": "reset_before"}])
    assert funds.read_due() == 0
    (due,) = FundsDue.objects.all()
    assert due.attempts == 1
    assert due.next_try_at > timezone.now()
    assert funds.read_due() == 0
    FundsDue.objects.update(next_try_at=None)
    assert funds.read_due() == 1
    assert Balance.objects.filter(pk=f"{account.pk}.balance").exists()


def test_funds_are_given_up_after_their_last_try(account: Account, sandbox: SandboxProcess) -> None:
    moved(account.pk)
    FundsDue.objects.update(attempts=funds.TRIES - 1)
    sandbox.control("faults", [{"match": "GET /v1/balance", "times": 1, "fault": "reset_before"}])
    assert funds.read_due() == 0
    assert not FundsDue.objects.exists()


def test_funds_that_cannot_be_written_keep_no_others_and_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = "acct_3"

    def get(path: str, params: Any = None, *, account: str, timeout: float | None = None) -> Answer:
        shown = [{"id": f"txn_{account}", "object": "balance_transaction", "net": 5}]
        page = {"object": "list", "data": [{}, *shown] if account == odd else shown, "has_more": False}
        return Answer({"object": "balance"} if path == "/v1/balance" else page, clock.timestamp(), "", replayed=False)

    monkeypatch.setattr(client, "get", get)
    moved(*(f"acct_{number}" for number in range(7)))
    assert funds.read_due() == 6
    due = FundsDue.objects.get()
    assert (due.account, due.attempts, due.claimed_until) == (odd, 1, None)
    assert due.next_try_at > timezone.now()
    assert BalanceTransaction.objects.count() == 6
    for _ in range(claims.CRASHES - 1):
        FundsDue.objects.update(next_try_at=None)
        assert funds.read_due() == 0
    assert not FundsDue.objects.exists()


def test_a_database_that_is_away_gives_up_no_funds(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*its: Any) -> Any:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(funds, "read_many", away)
    moved("acct_1")
    FundsDue.objects.update(attempts=claims.CRASHES)
    with pytest.raises(OperationalError):
        funds.read_due()
    assert FundsDue.objects.exists()


def test_funds_of_an_account_that_is_not_ours_any_more_are_not_tried_again(sandbox: SandboxProcess) -> None:
    moved("acct_1NotOursNotOurs")
    funds.read_due()
    assert not FundsDue.objects.exists()


def test_an_event_while_funds_are_read_makes_them_due_again(
    account: Account, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = funds.read_many

    def meanwhile(*its: Any) -> Any:
        moved(account.pk)
        return read(*its)

    monkeypatch.setattr(funds, "read_many", meanwhile)
    moved(account.pk)
    monkeypatch.setattr(funds, "TURN", 0.01)
    funds.read_due()
    assert FundsDue.objects.due().count() == 1
    assert FundsDue.objects.get().attempts == 0


def test_what_a_dead_process_held_is_swept(account: Account, sandbox: SandboxProcess) -> None:
    moved(account.pk)
    FundsDue.objects.due().claim(by="elsewhere:1:1")
    assert funds.sweep() == 0
    FundsDue.objects.update(claimed_until=timezone.now())
    OrmQ.objects.all().delete()
    Heartbeat.objects.all().delete()
    assert funds.sweep() == 1
    assert OrmQ.objects.count() == 1
    assert funds.read_due() == 1


def test_funds_of_one_account_are_not_anothers(account: Account, sandbox: SandboxProcess) -> None:
    other = issuing_account("Birch Bakery")
    fund(sandbox, account)
    funds.read_funds(other.pk)
    assert (available(account), available(other)) == (100_000, 0)
    assert not Transaction.objects.of_account(other.pk).exists()

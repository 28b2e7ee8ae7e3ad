"""Funds, read again: after what events, how far back, and each account's alone."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from accounts.account.models import Account
from gateway import client, clock, mirror
from gateway.client import Answer
from gateway.models import Event, Heartbeat
from issuing.balances import models as balances
from issuing.balances.models import Balance, BalanceTransaction, FundsDue
from issuing.transactions.models import Transaction
from tests.issuing.acting import available
from tests.issuing.conftest import Do, buy, fund, issuing_account, make_card
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def event(kind: str, account_id: str) -> Event:
    return Event(id="evt_1", type=kind, account=account_id, created=1, payload={})


def moved(*account_ids: str) -> None:
    balances.on_events([event("issuing_authorization.created", account_id) for account_id in account_ids])


def reads(sandbox: SandboxProcess) -> list[str]:
    """The paths about funds that the sandbox was asked for."""
    asked = [str(each.get("path")).partition("?")[0] for each in sandbox.traffic() if each.get("method") == "GET"]
    return [path for path in asked if path.startswith("/v1/balance")]


def test_events_that_move_money_make_funds_due_once_for_each_account() -> None:
    balances.on_events(
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
    assert [task.func() for task in OrmQ.objects.all()] == [balances.READ_DUE]


def test_fifty_authorizations_of_an_account_are_one_reading(account: Account, sandbox: SandboxProcess) -> None:
    for _ in range(5):
        moved(*[account.pk] * 10)
    before = len(reads(sandbox))
    assert balances.read_due() == 1
    assert reads(sandbox)[before:] == ["/v1/balance", "/v1/balance_transactions"]
    assert not FundsDue.objects.exists()
    assert balances.read_due() == 0


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
            assert balances.read_many(account_ids) == dict.fromkeys(account_ids, 1)
        costs.append(len(queries))
        assert Balance.objects.filter(account__in=account_ids).count() == number
    assert max(costs) <= 15
    assert BalanceTransaction.objects.count() == 62


def test_funds_are_read_as_far_back_as_they_are_known(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    assert BalanceTransaction.objects.of_issuing(account.pk).count() == 1
    row = buy(card)
    do("capture_test_authorization", row)
    assert balances.read_funds(account.pk) == 3  # held, given back, spent
    assert balances.read_funds(account.pk) == 0
    assert available(account) == 100_000 - 1250


def test_funds_are_read_page_by_page_up_to_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def get(path: str, params: Any = None, *, account: str, timeout: float | None = None) -> Answer:
        if path == "/v1/balance":
            return Answer({"object": "balance"}, clock.timestamp(), "", replayed=False)
        first = int(str(params.get("starting_after", "txn_10")).removeprefix("txn_")) - 1
        asked.append(str(params.get("starting_after", "")))
        shown = [{"id": f"txn_{number}", "object": "balance_transaction"} for number in (first, first - 1)]
        page = {"object": "list", "data": shown, "has_more": first > 1}
        return Answer(page, clock.timestamp(), "", replayed=False)

    monkeypatch.setattr(client, "get", get)
    known = {"id": "txn_5", "object": "balance_transaction"}
    mirror.absorb_object(known, account="acct_1", sent_at=clock.timestamp())
    assert balances.read_funds("acct_1") == 5  # nine to six, and four
    assert asked == ["", "txn_8", "txn_6"]


def test_funds_are_read_later_while_stripe_cannot_be_reached(account: Account, sandbox: SandboxProcess) -> None:
    moved(account.pk)
    sandbox.control("faults", [{"match": "GET /v1/balance", "times": 1, "fault": "reset_before"}])
    assert balances.read_due() == 0
    (due,) = FundsDue.objects.all()
    assert due.attempts == 1
    assert due.next_try_at > timezone.now()
    assert balances.read_due() == 0
    FundsDue.objects.update(next_try_at=None)
    assert balances.read_due() == 1
    assert Balance.objects.filter(pk=f"{account.pk}.balance").exists()


def test_funds_are_given_up_after_their_last_try(account: Account, sandbox: SandboxProcess) -> None:
    moved(account.pk)
    FundsDue.objects.update(attempts=balances.TRIES - 1)
    sandbox.control("faults", [{"match": "GET /v1/balance", "times": 1, "fault": "reset_before"}])
    assert balances.read_due() == 0
    assert not FundsDue.objects.exists()


def test_funds_of_an_account_that_is_not_ours_any_more_are_not_tried_again(sandbox: SandboxProcess) -> None:
    moved("acct_1NotOursNotOurs")
    balances.read_due()
    assert not FundsDue.objects.exists()


def test_an_event_while_funds_are_read_makes_them_due_again(
    account: Account, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = balances.read_many

    def meanwhile(*its: Any) -> Any:
        moved(account.pk)
        return read(*its)

    monkeypatch.setattr(balances, "read_many", meanwhile)
    moved(account.pk)
    monkeypatch.setattr(balances, "TURN", 0.01)
    balances.read_due()
    assert FundsDue.objects.due().count() == 1
    assert FundsDue.objects.get().attempts == 0


def test_what_a_dead_process_held_is_swept(account: Account, sandbox: SandboxProcess) -> None:
    moved(account.pk)
    FundsDue.objects.due().claim(by="elsewhere:1:1")
    assert balances.sweep() == 0
    FundsDue.objects.update(claimed_until=timezone.now())
    OrmQ.objects.all().delete()
    Heartbeat.objects.all().delete()
    assert balances.sweep() == 1
    assert OrmQ.objects.count() == 1
    assert balances.read_due() == 1


def test_funds_of_one_account_are_not_anothers(account: Account, sandbox: SandboxProcess) -> None:
    other = issuing_account("Birch Bakery")
    fund(sandbox, account)
    balances.read_funds(other.pk)
    assert (available(account), available(other)) == (100_000, 0)
    assert not Transaction.objects.of_account(other.pk).exists()

"""Funds, read again: after what events, how far back, and each account's alone."""

import pytest

from accounts.account.models import Account
from gateway.models import Event
from issuing.balances import models as balances
from issuing.balances.models import Balance, BalanceTransaction
from issuing.transactions.models import Transaction
from tests.issuing.acting import available
from tests.issuing.conftest import Do, buy, fund, issuing_account, make_card
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def event(kind: str, account_id: str) -> Event:
    return Event(id="evt_1", type=kind, account=account_id, created=1, payload={})


def test_events_that_move_money_have_the_funds_read_once_for_each_account(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(balances, "enqueue", lambda *its: asked.append(its))
    balances.on_events(
        [
            event("issuing_authorization.created", "acct_1"),
            event("issuing_transaction.created", "acct_1"),
            event("topup.succeeded", "acct_2"),
            event("issuing_card.updated", "acct_3"),
            event("topup.created", ""),
        ]
    )
    assert asked == [("issuing.balances.models.read_again", "acct_1"), ("issuing.balances.models.read_again", "acct_2")]


def test_funds_are_read_as_far_back_as_they_are_known(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    assert BalanceTransaction.objects.of_issuing(account.pk).count() == 1
    row = buy(card)
    do("capture_test_authorization", row)
    assert balances.read_again(account.pk) == 3  # held, given back, spent
    assert balances.read_again(account.pk) == 0
    assert available(account) == 100_000 - 1250


def test_funds_are_read_again_while_stripe_cannot_be_reached(account: Account, sandbox: SandboxProcess) -> None:
    sandbox.control("faults", [{"match": "GET /v1/balance", "times": 1, "fault": "reset_before"}])
    assert balances.read_again(account.pk) == 0
    assert Balance.objects.filter(pk=f"{account.pk}.balance").exists()


def test_funds_of_one_account_are_not_anothers(account: Account, sandbox: SandboxProcess) -> None:
    other = issuing_account("Birch Bakery")
    fund(sandbox, account)
    balances.read_funds(other.pk)
    assert (available(account), available(other)) == (100_000, 0)
    assert not Transaction.objects.of_account(other.pk).exists()

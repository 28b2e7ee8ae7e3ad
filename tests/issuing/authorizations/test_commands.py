"""Test authorizations by command: a decline is an answer too."""

import pytest

from accounts.account.models import Account
from tests.issuing.acting import run
from tests.issuing.conftest import buy, fund, make_card
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def test_a_decline_is_no_error(account: Account) -> None:
    card = make_card(account, active=False)
    status, out, _ = run("create_test_authorization", account.pk, "--card", card.pk, "--amount", "1")
    assert status == 0
    assert "Declined: card inactive." in out


def test_a_hold_is_given_back(account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    row = buy(card)
    assert run("reverse_test_authorization", row.pk, "--reverse-amount", "2.50")[0] == 0
    row.refresh_from_db()
    assert (row.amount, row.status) == (1000, "pending")

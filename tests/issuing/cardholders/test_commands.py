"""Cardholders by command."""

import pytest

from accounts.account.models import Account
from tests.issuing.acting import run
from tests.issuing.conftest import make_cardholder

pytestmark = pytest.mark.django_db


def test_cardholders_are_changed_activated_and_deactivated(account: Account) -> None:
    row = make_cardholder(account)
    assert run("update_cardholder", row.pk, "--email", "new@example.com")[0] == 0
    assert run("deactivate_cardholder", row.pk)[0] == 0
    row.refresh_from_db()
    assert (row.email, row.status) == ("new@example.com", "inactive")
    assert run("activate_cardholder", row.pk)[0] == 0
    assert run("update_cardholder", row.pk, "--line2", "Flat 2")[0] == 0
    assert run("update_cardholder", row.pk, "--take-off", "line2")[0] == 0
    row.refresh_from_db()
    assert row.data["billing"]["address"]["line2"] is None
    assert run("update_cardholder", row.pk)[2] == "__all__: Nothing would change."

"""Amounts as staff type them and as Stripe takes them."""

import pytest

from console.operations.fields import Where
from tests.issuing.acting import body, errors
from tests.people import ACCOUNT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]


@pytest.mark.parametrize(
    "amount", ["0", "-1", "0.001", "12.345", "1000000", "NaN", "Infinity", "1e9", "ten", "1.000,00", ""]
)
def test_amounts_are_above_zero_and_of_two_decimals(amount: str) -> None:
    assert list(errors("create_topup", Where(ACCOUNT), amount=amount)) == ["amount"]


@pytest.mark.parametrize(("amount", "minor"), [("0.01", 1), ("12.5", 1250), ("12.50", 1250), ("999999.99", 99_999_999)])
def test_amounts_are_sent_in_minor_units(amount: str, minor: int) -> None:
    assert errors("create_topup", Where(ACCOUNT), amount=amount) == {}
    assert body("create_topup", ACCOUNT, {"amount": amount})["amount"] == minor

"""The overview of the balance, viewed as the account."""

import pytest
from django.test import Client

from tests.issuing import rows
from tests.issuing.acting import text
from tests.people import ACCOUNT

pytestmark = pytest.mark.django_db


def test_balance_transactions_that_do_not_make_the_balance_are_said_to_be_incomplete(sam: Client) -> None:
    rows.balance_transaction(1000, "topup")
    rows.balance(5000)
    page = text(sam, f"/{ACCOUNT}/balance/overview")
    assert "These balance transactions do not yet make the 50.00 USD that Stripe says" in page

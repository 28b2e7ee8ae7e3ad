"""When an Issuing balance needs a person."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.account.models import Account
from gateway import clock
from issuing.balances.models import Balance, Shortage, runs_out, shortages
from issuing.balances.noun import _why
from tests.accounts import builders
from tests.issuing import rows

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)


def test_a_balance_lasts_as_long_as_the_last_day_tells() -> None:
    assert runs_out(1_200, 2_400, NOW) == NOW + timedelta(hours=12)
    assert runs_out(1_200, 0, NOW) is None
    assert runs_out(0, 2_400, NOW) is None


def test_what_is_left_is_said_in_plain_words() -> None:
    short = Shortage(Account(id="acct_1"), "usd", 232_056, 288_000, NOW)
    assert _why(short) == "2,320.56 USD left; spends 120.00 USD an hour"


def spender(
    account_id: str, available: int, spent: int = 0, reason: str = "card_active", status: str = "active"
) -> None:
    """An account that may issue, with a card, what its Issuing balance has left, and what was asked for an hour ago."""
    builders.capability(builders.account(account_id))
    card = rows.card(rows.cardholder(account_id), account_id, status=status)
    rows.balance(available, account_id)
    if spent:
        rows.authorization(card, account_id, amount=spent, reason=reason, at=clock.timestamp() - 3600)


@pytest.mark.django_db
def test_those_are_short_whose_balance_is_used_up_declines_or_does_not_last_two_days() -> None:
    spender("acct_1", 0)
    spender("acct_2", 0, status="canceled")
    spender("acct_3", 10_000, spent=20_000, reason="insufficient_funds")
    spender("acct_4", 10_000, spent=6_000)
    spender("acct_5", 10_000, spent=5_000)
    spender("acct_6", 10_000, spent=20_000, reason="card_inactive")
    spender("acct_7", 10_000)
    found = {short.account.pk: short for short in shortages()}
    assert set(found) == {"acct_1", "acct_3", "acct_4"}
    assert [found[name].at is None for name in sorted(found)] == [True, True, False]
    assert [set(map(len, (shortages(name),))) for name in ("acct_4", "acct_5")] == [{1}, {0}]


@pytest.mark.django_db
def test_what_is_left_is_a_column_in_the_currency_of_the_issuing_balance() -> None:
    row = rows.balance(700, "acct_1", payments=9)
    assert row.available == row.issuing("usd") == 700
    row.data = {"object": "balance", "available": [{"amount": 5, "currency": "eur"}]}
    row.set_columns()
    assert row.available is None


@pytest.mark.django_db
def test_an_issuing_balance_that_is_not_known_is_not_called_used_up() -> None:
    spender("acct_1", 0)
    spender("acct_2", 0, spent=10, reason="insufficient_funds")
    for row in Balance.objects.all():
        row.data = {"object": "balance", "available": [{"amount": 5, "currency": "usd"}]}
        row.set_columns()
        row.save()
    assert [short.account.pk for short in shortages()] == ["acct_2"]
    assert [short.account.pk for name in ("acct_1", "acct_2") for short in shortages(name)] == ["acct_2"]

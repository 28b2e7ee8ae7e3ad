"""When an Issuing balance needs a person."""

from datetime import UTC, datetime, timedelta

from accounts.account.models import Account
from issuing.balances.models import Shortage, runs_out
from issuing.balances.noun import _why

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)


def test_a_balance_lasts_as_long_as_the_last_day_tells() -> None:
    assert runs_out(1_200, 2_400, NOW) == NOW + timedelta(hours=12)
    assert runs_out(1_200, 0, NOW) is None
    assert runs_out(0, 2_400, NOW) is None


def test_what_is_left_is_said_in_plain_words() -> None:
    short = Shortage(Account(id="acct_1"), "usd", 232_056, 288_000, NOW)
    assert _why(short) == "2,320.56 USD left; spends 120.00 USD an hour"

"""Money, moments and spans in words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.shell import formats

NOW = datetime(2026, 11, 24, 14, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (232056, "usd", "2,320.56"),
        (-1408444, "USD", "−14,084.44"),
        (5, "usd", "0.05"),
        (0, "eur", "0.00"),
        (1250, "jpy", "1,250"),
        (-7, "jpy", "−7"),
        (1234567, "bhd", "1,234.567"),
        (1, "kwd", "0.001"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount: int, currency: str, words: str) -> None:
    assert formats.money(amount, currency) == words


@given(st.integers(-(10**15), 10**15), st.sampled_from(["usd", "jpy", "bhd"]))
def test_money_loses_nothing(amount: int, currency: str) -> None:
    digits = formats.money(amount, currency).replace(formats.MINUS, "-").replace(",", "").replace(".", "")
    assert int(digits) == amount


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=4), "4 s"),
        (timedelta(minutes=11, seconds=59), "11 min"),
        (timedelta(hours=17), "17 h"),
        (timedelta(days=1, hours=23), "1 day"),
        (timedelta(days=1300), "1,300 days"),
        (-timedelta(hours=2), "2 h"),
    ],
)
def test_a_span_is_its_largest_whole_unit(length: timedelta, words: str) -> None:
    assert formats.span(length) == words


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (timedelta(days=31), "31 days left", ""),
        (timedelta(hours=5), "5 h left", "warn"),
        (timedelta(hours=17), "17 h left", ""),
        (-timedelta(minutes=11), "11 min overdue", "bad"),
        (timedelta(0), "0 s overdue", "bad"),
    ],
)
def test_time_left_is_red_overdue_and_amber_today(left: timedelta, words: str, tone: str) -> None:
    time_left = formats.time_left(NOW + left, NOW)
    assert (time_left.words, time_left.tone) == (words, tone)


def test_what_is_due_within_hours_is_amber_across_midnight() -> None:
    late = NOW.replace(hour=23, minute=30)
    assert formats.time_left(late + timedelta(hours=1), late).tone == "warn"


def test_the_bar_shows_what_remains_of_the_time_since_the_start() -> None:
    assert formats.time_left(NOW + timedelta(days=5), NOW, NOW - timedelta(days=5)).share == 50
    assert formats.time_left(NOW + timedelta(days=15), NOW).share == 50
    assert formats.time_left(NOW + timedelta(days=400), NOW).share == 100
    assert formats.time_left(NOW + timedelta(seconds=1), NOW).share == 2
    assert formats.time_left(NOW - timedelta(days=1), NOW).share == 100


def test_a_start_after_its_deadline_breaks_nothing() -> None:
    assert formats.time_left(NOW + timedelta(days=1), NOW, NOW + timedelta(days=2)).share == 100


def test_a_moment_is_read_from_unix_seconds_and_datetimes() -> None:
    assert formats.as_datetime(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert formats.as_datetime(datetime(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)  # noqa: DTZ001


@pytest.mark.parametrize("value", [None, "", "soon", True, 10**20, 1.5])
def test_what_is_no_moment_is_none(value: object) -> None:
    assert formats.as_datetime(value) is None  # type: ignore[arg-type]


def test_moments_are_written_in_utc() -> None:
    at = datetime(2026, 3, 3, 4, 5, 6, tzinfo=UTC)
    assert formats.minute(at) == "3 Mar 2026, 04:05 UTC"
    assert formats.second(at) == "Tue 3 Mar 2026, 04:05:06 UTC"


def test_ago_speaks_of_both_directions() -> None:
    assert formats.ago(NOW - timedelta(seconds=4), NOW) == "4 s ago"
    assert formats.ago(NOW + timedelta(days=3), NOW) == "in 3 days"


def test_a_countdown_has_seconds_below_an_hour() -> None:
    assert formats.countdown(timedelta(minutes=4, seconds=52)) == "4 min 52 s"
    assert formats.countdown(timedelta(seconds=9)) == "9 s"
    assert formats.countdown(timedelta(hours=3)) == "3 h"
    assert formats.countdown(-timedelta(hours=3)) == "0 s"


def test_a_long_id_loses_its_middle() -> None:
    assert formats.shorten("acct_1R4bJkLw2mXsT7q") == "acct_1R4b…sT7q"
    assert formats.shorten("req_1") == "req_1"

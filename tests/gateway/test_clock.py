"""Stripe's clock: learnt from answers, shared by processes, remembered for a second."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any

import pytest
from django.db import OperationalError

from gateway import client, clock, offset
from gateway.errors import Unreachable
from gateway.models import ClockOffset
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
DAY = 86_400


def note(seconds: float, *, took: float = 0.0) -> None:
    """An answer that says Stripe's clock is `seconds` ahead."""
    clock.note(formatdate(time.time() + seconds, usegmt=True), time.time() - took)


def ahead() -> float:
    """Seconds by which Stripe's clock runs ahead of ours, as far as anybody can tell."""
    return (clock.now() - datetime.now(UTC)).total_seconds()


def test_clock_is_ours_until_stripe_has_answered() -> None:
    assert abs(ahead()) < 1
    assert abs(clock.timestamp() - time.time()) <= 1


def test_clock_follows_the_date_header() -> None:
    note(29 * DAY)
    assert abs(ahead() - 29 * DAY) < 2
    assert abs(clock.timestamp() - time.time() - 29 * DAY) < 2


def test_clock_may_go_back() -> None:
    note(29 * DAY)
    note(0)
    assert abs(ahead()) < 2


def test_other_processes_see_what_one_has_learnt() -> None:
    note(29 * DAY)
    clock.forget()
    assert abs(ahead() - 29 * DAY) < 2


def test_clock_costs_no_query_for_a_second(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        clock.now()
    with django_assert_num_queries(0):
        clock.now()
        clock.timestamp()
        note(0)


def test_memory_ends_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock.now()
    ClockOffset.objects.create(offset=100.0, seen_at=datetime.now(UTC))
    assert abs(ahead()) < 1
    monkeypatch.setattr(offset, "MEMO_SECONDS", 0.0)
    assert abs(ahead() - 100) < 1


@pytest.mark.parametrize("seconds", [-1.9, -1, 0, 1, 1.9])
def test_difference_within_the_headers_grain_writes_nothing(seconds: float) -> None:
    clock.note(formatdate(time.time() + seconds - 0.5, usegmt=True), time.time())
    assert abs(seconds) > 1.5 or not ClockOffset.objects.exists()


def test_slow_answer_is_trusted_less() -> None:
    note(-5, took=10)
    assert not ClockOffset.objects.exists()
    note(-20, took=10)
    assert ClockOffset.objects.exists()


@pytest.mark.parametrize("header", ["", "soon", "Mon, 99 Foo 2026", "Sun, 06 Nov 99999 08:49:37 GMT"])
def test_header_that_is_no_date_is_no_clock(header: str) -> None:
    clock.note(header, time.time())
    assert not ClockOffset.objects.exists()
    assert offset.answered_ago() == float("inf")


def test_database_that_is_away_does_not_cost_the_answer(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.control("clock", {"advance": "29d"})

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(ClockOffset.objects, "bulk_create", away)
    assert client.get("/v1/account", account=None).data["object"] == "account"


def test_unix_seconds_become_a_moment() -> None:
    assert clock.from_unix(None) is None
    assert clock.from_unix(0) == datetime(1970, 1, 1, tzinfo=UTC)


def test_moved_sandbox_clock_shows_with_the_next_answer(sandbox: SandboxProcess) -> None:
    client.get("/v1/account", account=None)
    sandbox.control("clock", {"advance": "29d"})
    answer = client.get("/v1/account", account=None)
    assert abs(ahead() - 29 * DAY) < 3
    assert abs(answer.sent_at - clock.timestamp()) <= 2
    sandbox.reset()
    client.get("/v1/account", account=None)
    assert abs(ahead()) < 3


def test_refused_answer_tells_the_time_too(sandbox: SandboxProcess) -> None:
    sandbox.control("faults", [{"match": "*", "times": 1, "fault": "503"}])
    sandbox.control("clock", {"advance": "2d"})
    with pytest.raises(Unreachable):
        client.get("/v1/account", account=None)
    assert abs(ahead() - 2 * DAY) < 3


def test_refresh_asks_only_when_stripe_was_silent_for_a_minute(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.refresh()
    calls = len(sandbox.traffic())
    clock.refresh()
    assert len(sandbox.traffic()) == calls
    sandbox.control("clock", {"advance": "3d"})
    monkeypatch.setattr(clock, "REFRESH_SECONDS", 0.0)
    clock.refresh()
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=3)) < timedelta(seconds=3)


def test_following_the_clock_bears_a_stripe_that_is_away(settings: Any) -> None:
    clock.forget()
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    clock.follow()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=3)

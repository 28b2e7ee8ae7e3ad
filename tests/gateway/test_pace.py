"""The pace of one run: as fast as the budget allows, and slower while Stripe says 429."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway import pace
from gateway.errors import Unreachable
from gateway.pace import Pace


class Clock:
    """Time that passes while somebody sleeps, and no other."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Clock:
    clock = Clock()
    settings.STRIPE_RATE = 100.0
    monkeypatch.setattr(pace, "time", clock)
    monkeypatch.setattr(Unreachable, "wait", lambda error, _: error.retry_after or 0.5)
    return clock


def failing(times: int, status: int, retry_after: float | None = None, *, sent: bool = True) -> Callable[[], str]:
    """Fails so often, then answers."""
    left = [Unreachable("no", status=status, retry_after=retry_after, sent=sent)] * times

    def call() -> str:
        if left:
            raise left.pop()
        return "page"

    return call


def test_without_a_refusal_nobody_waits(clock: Clock) -> None:
    its = Pace()
    assert [its.ask(lambda: "page") for _ in range(3)] == ["page"] * 3
    assert sum(clock.slept) == 0


def test_a_429_stops_all_for_as_long_as_stripe_says_and_slows_them_down(clock: Clock) -> None:
    its = Pace()
    assert its.ask(failing(1, 429, retry_after=3.0)) == "page"
    assert clock.now == 1003.0
    assert its.refused == 1
    assert its.gap == pytest.approx(pace.SLOWER / 100 * pace.RECOVERS)
    began = clock.now
    for _ in range(10):
        its.ask(lambda: "page")
    assert clock.now - began > 10 * 0.01  # slower than the rate allows


def test_calls_that_were_under_way_slow_nothing_down_again(clock: Clock) -> None:
    its = Pace()
    for _ in range(8):
        its._slow_down(0.0)
    assert its.gap == pace.SLOWER / 100
    clock.now += 2 * pace.SETTLES
    its._slow_down(0.0)
    assert its.gap == pace.SLOWER**2 / 100


def test_the_pace_recovers_with_each_answer_until_the_budget_alone_decides(clock: Clock) -> None:
    its = Pace()
    its.ask(failing(1, 429))
    for _ in range(200):
        its.ask(lambda: "page")
    assert its.gap == 0.0


def test_another_trouble_holds_up_one_call_alone_and_ends_it_after_the_last_try(clock: Clock) -> None:
    its = Pace()
    assert its.ask(failing(pace.TRIES - 1, 503)) == "page"
    assert (its.gap, its.refused) == (0.0, 0)
    with pytest.raises(Unreachable):
        its.ask(failing(pace.TRIES, 503))


def test_what_our_own_limits_hold_up_waits_for_as_long_as_they_do(clock: Clock) -> None:
    its = Pace()
    assert its.ask(failing(50, 0, retry_after=5.0, sent=False)) == "page"
    assert clock.now == 1000 + 50 * 5
    with pytest.raises(Unreachable):
        its.ask(failing(pace.TRIES, 0, sent=False))  # no connection

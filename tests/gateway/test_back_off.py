"""How long every loop waits before it tries again."""

from hypothesis import given
from hypothesis import strategies as st

from gateway import back_off

seconds = st.floats(min_value=0.01, max_value=10_000)


@given(tries=st.integers(min_value=1, max_value=10_000), first=seconds, longest=seconds)
def test_a_pause_is_between_half_of_the_doubled_one_and_all_of_it(tries: int, first: float, longest: float) -> None:
    doubled = min(first * 2.0 ** min(tries - 1, 100), longest)
    assert doubled / 2 <= back_off.pause(tries, first=first, longest=longest) <= doubled


@given(tries=st.integers(min_value=1, max_value=40), named=st.floats(min_value=0, max_value=100_000))
def test_a_pause_is_never_shorter_than_what_stripe_named(tries: int, named: float) -> None:
    pause = back_off.pause(tries, named=named)
    assert named <= pause <= max(named, back_off.LONGEST)


def test_callers_that_fail_at_once_do_not_come_back_at_once() -> None:
    assert len({back_off.pause(3) for _ in range(20)}) > 1

"""How long to wait before a call is tried again."""

import pytest

from gateway.errors import LONGEST_WAIT, Refused, Unreachable


def test_wait_is_what_stripe_named() -> None:
    assert Unreachable("busy", retry_after=7.0).wait(1) == 7.0


def test_wait_that_stripe_named_is_capped() -> None:
    assert Unreachable("busy", retry_after=86_400.0).wait(1) == LONGEST_WAIT


@pytest.mark.parametrize(("tries", "longest"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (50, 8.0)])
def test_wait_doubles_with_jitter(tries: int, longest: float) -> None:
    waits = {Unreachable("away").wait(tries) for _ in range(20)}
    assert all(longest / 2 <= wait <= longest for wait in waits)
    assert len(waits) > 1


def test_refusal_without_details_has_empty_ones() -> None:
    refused = Refused("No.")
    assert (refused.message, refused.code, refused.param, refused.decline) == ("No.", "", "", {})

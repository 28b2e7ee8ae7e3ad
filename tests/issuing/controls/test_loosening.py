"""What of a card's new controls lets it spend more, as the approvals' policy weighs it."""

from typing import Any

import pytest

from console.operations.verbs import Weight
from issuing.controls.verbs import loosened

NONE: dict[str, Any] = {
    "spending_limits": [],
    "allowed_categories": [],
    "blocked_categories": [],
    "allowed_merchant_countries": [],
    "blocked_merchant_countries": [],
}


def limit(amount: str, interval: str = "monthly", *categories: str) -> dict[str, Any]:
    return {"amount": amount, "interval": interval, "categories": list(categories)}


def raised(amount: int | None) -> list[Weight]:
    return [Weight(amount, "usd", loosens=True)]


@pytest.mark.parametrize(
    ("now", "new", "found"),
    [
        ([limit("100")], [limit("200")], raised(20_000)),
        ([limit("100")], [limit("50")], []),
        ([limit("100")], [limit("100"), limit("9", "daily")], []),  # one more limit
        ([limit("100")], [], raised(None)),  # lifted
        ([limit("100"), limit("9", "daily")], [limit("100")], raised(None)),  # one of two lifted
        ([limit("100")], [limit("60000", "daily")], raised(6_000_000)),  # another in its place
        ([limit("100", "monthly", "bakeries")], [limit("100", "monthly", "caterers")], raised(10_000)),
        ([], [limit("700")], raised(70_000)),  # without one Stripe's own small limit holds
        ([limit("100"), limit("50")], [limit("60")], raised(6_000)),  # the strictest of a kind counts
    ],
)
def test_limits(now: list[Any], new: list[Any], found: list[Weight]) -> None:
    assert loosened("usd", {**NONE, "spending_limits": now}, {"spending_limits": new}) == found


@pytest.mark.parametrize(
    ("name", "now", "new", "opens"),
    [
        ("allowed_categories", ["bakeries"], ["bakeries", "caterers"], True),
        ("allowed_categories", ["bakeries"], [], True),
        ("allowed_categories", ["bakeries", "caterers"], ["bakeries"], False),
        ("allowed_categories", [], ["bakeries"], False),
        ("blocked_categories", ["bakeries"], [], True),
        ("blocked_categories", ["bakeries"], ["bakeries", "caterers"], False),
        ("blocked_merchant_countries", ["US", "CA"], ["US"], True),
        ("allowed_merchant_countries", ["US"], ["CA"], True),
    ],
)
def test_lists(name: str, now: list[str], new: list[str], opens: bool) -> None:
    assert loosened("usd", {**NONE, name: now}, {name: new}) == (raised(None) if opens else [])


def test_a_raised_limit_counts_beside_a_list_that_is_opened() -> None:
    now = {**NONE, "spending_limits": [limit("100")], "blocked_categories": ["bakeries"]}
    found = loosened("usd", now, {"spending_limits": [limit("20000")], "blocked_categories": []})
    assert found == [*raised(2_000_000), *raised(None)]

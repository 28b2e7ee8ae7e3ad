"""Spending controls in words."""

from issuing.controls import words as controls_words


def test_spending_controls_are_read_out_with_their_currency() -> None:
    limits = [
        {"amount": 20000, "interval": "weekly", "categories": ["automated_fuel_dispensers"]},
        {"amount": 500, "interval": "per_fortnight", "categories": None},
    ]
    found = {"spending_limits": limits, "blocked_categories": ["bakeries"], "allowed_merchant_countries": ["US", "CA"]}
    assert controls_words.controls(found, "usd") == [
        ("Limit", "200.00 USD a week on automated fuel dispensers"),
        ("Limit", "5.00 USD per_fortnight"),
        ("Never these categories", "bakeries"),
        ("Only merchants in", "US, CA"),
    ]
    assert controls_words.controls(None, "usd") == []


def test_the_silent_limits_are_named_though_the_object_lacks_them() -> None:
    both = [text for _, text in controls_words.silent_limits(None, "usd")]
    assert both == ["500.00 USD a day, because no limit is set here", "10,000.00 USD per authorization, always"]
    own = controls_words.silent_limits({"spending_limits": [{"amount": 1, "interval": "daily"}]}, "usd")
    assert [text for _, text in own] == ["10,000.00 USD per authorization, always"]
    assert "USD only" in controls_words.silent_limits(None, "eur")[0][1]

"""Stripe's Issuing values in words."""

import pytest

from console.shell import links
from issuing.authorizations import words as authorizations_words
from issuing.cardholders import words as cardholders_words
from issuing.controls import words as controls_words

REASONS = [
    "account_disabled",
    "card_active",
    "card_canceled",
    "card_expired",
    "card_inactive",
    "cardholder_blocked",
    "cardholder_inactive",
    "cardholder_verification_required",
    "insecure_authorization_method",
    "insufficient_funds",
    "network_fallback",
    "not_allowed",
    "pin_blocked",
    "spending_controls",
    "suspected_fraud",
    "verification_failed",
    "webhook_approved",
    "webhook_declined",
    "webhook_error",
    "webhook_timeout",
]


def test_every_reason_of_stripes_has_words_a_rule_and_a_rung_that_exists() -> None:
    assert sorted(authorizations_words.REASONS) == sorted(REASONS)
    for each in authorizations_words.REASONS.values():
        assert each.title
        assert each.sentence.endswith(".")
        assert links.rule(each.rule).startswith("https://docs.stripe.com/")
        assert each.rung in ("", *authorizations_words.RUNGS)


def test_a_reason_that_stripe_adds_tomorrow_is_shown_as_it_came() -> None:
    assert authorizations_words.reason("moon_phase").title == "moon_phase"
    assert authorizations_words.reason("").title == "no reason given"


def test_a_declining_reason_says_whose_move_it_is() -> None:
    approving = {"card_active", "webhook_approved"}
    assert [
        name for name, each in authorizations_words.REASONS.items() if not each.move and name not in approving
    ] == []


def test_past_due_keys_become_one_line_for_each_thing() -> None:
    asked = cardholders_words.asked(
        [
            "individual.card_issuing.user_terms_acceptance.date",
            "individual.card_issuing.user_terms_acceptance.ip",
            "individual.dob.day",
            "individual.dob.month",
            "individual.shoe_size",
        ]
    )
    assert [(each.title, each.move, len(each.keys)) for each in asked] == [
        ("Acceptance of the authorized-user terms, by themselves", "holder", 2),
        ("Date of birth", "staff", 2),
        ("individual.shoe_size", "staff", 1),
    ]


@pytest.mark.parametrize(
    ("why", "move"),
    [("listed", "stripe"), ("requirements.past_due", "staff"), ("under_review", "stripe"), ("of_tomorrow", "stripe")],
)
def test_a_disabled_cardholder_is_explained(why: str, move: str) -> None:
    sentence, whose = cardholders_words.disabled(why)
    assert sentence.endswith(".")
    assert whose == move
    assert (why == "of_tomorrow") == (why in sentence)


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

"""Stripe's reasons for approving and declining in words."""

from console.shell import nouns
from issuing.authorizations import words as authorizations_words

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
        assert nouns.rules()[each.rule].startswith("https://docs.stripe.com/")
        assert each.rung in ("", *authorizations_words.RUNGS)


def test_a_reason_that_stripe_adds_tomorrow_is_shown_as_it_came() -> None:
    assert authorizations_words.reason("moon_phase").title == "moon_phase"
    assert authorizations_words.reason("").title == "no reason given"


def test_a_declining_reason_says_whose_move_it_is() -> None:
    approving = {"card_active", "webhook_approved"}
    assert [
        name for name, each in authorizations_words.REASONS.items() if not each.move and name not in approving
    ] == []

"""Why an authorization was declined: one sentence, and the ladder of what was true."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from issuing.authorizations import words
from issuing.declines import models as declines_models
from issuing.declines import words as declines_words
from issuing.declines.models import Facts, Use
from issuing.declines.words import NOT_REACHED, PASSED, STOPPED

AT = datetime(2026, 11, 24, 13, 42, 11, tzinfo=UTC)  # a Tuesday
FUEL = "automated_fuel_dispensers"
WEEKLY = {"amount": 20000, "interval": "weekly", "categories": [FUEL]}


def facts(reason: str = "spending_controls", amount: int = 18420, **values: Any) -> Facts:
    """An authorization at a fuel pump with everything in order but for what is given."""
    request = {"amount": amount, "approved": reason == "card_active", "reason": reason}
    known: dict[str, Any] = {
        "currency": "usd",
        "category": FUEL,
        "country": "US",
        "presence": "present",
        "method": "chip",
        "checks": {"expiry_check": "match"},
        "capability": "active",
        "card_id": "ic_1",
        "card_status": "active",
        "expires": (2028, 12),
        "cardholder_status": "active",
        "cardholder_reason": "",
        "card_controls": {},
        "cardholder_controls": {},
        "available": 232056,
    }
    return Facts(request=request, at=AT, **{**known, **values})


def used(amount: int, days: int = 0, card_id: str = "ic_1", category: str = FUEL) -> Use:
    """An earlier authorization."""
    return Use(card_id, amount, AT - timedelta(days=days, hours=1), category)


def states(found: Facts) -> dict[str, str]:
    return {rung.name: rung.state for rung in declines_words.ladder(found)}


def test_an_approval_passes_every_rung() -> None:
    assert set(states(facts("card_active")).values()) == {PASSED}
    assert declines_words.explain(facts("card_active")).sentence == "The card was active and nothing stood against it."


@pytest.mark.parametrize(
    ("reason", "rung"), [(name, each.rung) for name, each in words.REASONS.items() if each.move and each.rung]
)
def test_each_reason_stops_at_its_rung_and_nothing_below_is_reached(reason: str, rung: str) -> None:
    found = states(facts(reason, available=0))
    names = list(words.RUNGS)
    place = names.index(rung)
    assert [found[name] for name in names] == [PASSED] * place + [STOPPED] + [NOT_REACHED] * (len(names) - place - 1)


def test_an_unknown_reason_claims_no_rung() -> None:
    assert set(states(facts("moon_phase")).values()) == {NOT_REACHED}


def test_a_weekly_limit_is_told_with_what_was_left_and_when_it_starts_anew() -> None:
    found = facts(card_controls={"spending_limits": [WEEKLY]}, uses=(used(10000, 1), used(3865, 1), used(9999, 5)))
    explanation = declines_words.explain(found)
    assert explanation.sentence == (
        "The card may spend 200.00 USD a week on automated fuel dispensers. "
        "The merchant asked for 184.20 USD; 61.35 USD of it was left."
    )
    assert explanation.wait == "the limit starts anew on Sun 29 Nov 2026, 00:00 UTC"
    assert [text for text, bold in explanation.parts if bold][-1] == "61.35 USD"
    assert states(found)["controls"] == STOPPED
    assert "138.65 USD used by 2 authorizations" in declines_words.ladder(found)[4].text


def test_a_limit_of_the_cardholder_spans_all_their_cards() -> None:
    limit = {"amount": 20000, "interval": "monthly", "categories": None}
    found = facts(cardholder_controls={"spending_limits": [limit]}, uses=(used(10000, 2, "ic_2", "bakeries"),))
    assert declines_words.explain(found).sentence.startswith("The cardholder may spend 200.00 USD a month. ")
    assert "; 100.00 USD of it was left." in declines_words.explain(found).sentence


def test_a_limit_for_other_categories_does_not_count() -> None:
    limit = {"amount": 1, "interval": "daily", "categories": ["bakeries"]}
    assert declines_models.meters(facts(card_controls={"spending_limits": [limit]})) == []


def test_a_blocked_category_is_named() -> None:
    explanation = declines_words.explain(facts(card_controls={"blocked_categories": [FUEL]}))
    assert explanation.sentence == "The card’s spending controls do not allow the category automated fuel dispensers."


def test_the_silent_daily_limit_is_named_where_the_card_has_none() -> None:
    found = facts(amount=30000, uses=(used(25000),))
    assert states(found)["controls"] == PASSED
    assert states(found)["defaults"] == STOPPED
    assert "Stripe’s silent one counts: 500.00 USD a day" in declines_words.explain(found).sentence
    assert declines_words.explain(found).wait == "the limit starts anew on Wed 25 Nov 2026, 00:00 UTC"


def test_more_than_ten_thousand_at_once_stops_at_the_default_limits() -> None:
    limit = {"amount": 5_000_000, "interval": "monthly", "categories": None}
    found = facts(amount=1_000_001, card_controls={"spending_limits": [limit]})
    assert states(found)["defaults"] == STOPPED
    assert declines_words.explain(found).sentence == "Stripe approves at most 10,000.00 USD at once."


def test_a_decline_that_no_control_explains_says_so() -> None:
    explanation = declines_words.explain(facts(amount=100))
    assert "None of those that stand now explains it" in explanation.sentence


def test_insufficient_funds_names_both_amounts() -> None:
    explanation = declines_words.explain(facts("insufficient_funds", amount=400000))
    assert (
        explanation.sentence == "The Issuing balance had 2,320.56 USD available. The merchant asked for 4,000.00 USD."
    )


def test_a_mismatch_is_told_as_what_was_sent() -> None:
    explanation = declines_words.explain(
        facts("verification_failed", checks={"cvc_check": "mismatch", "expiry_check": "match"})
    )
    assert explanation.sentence == "The merchant’s terminal or form sent: chip; CVC does not match; expiry date matches"


def test_what_is_not_imported_is_said_and_not_guessed() -> None:
    bare = Facts(request={"amount": 1, "reason": "card_inactive"}, at=AT, currency="usd")
    texts = {rung.name: rung.text for rung in declines_words.ladder(bare)}
    assert {texts[name] for name in ("capability", "card", "cardholder", "balance")} == {"not yet imported"}


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("daily", "2026-11-24", "2026-11-25"),
        ("weekly", "2026-11-22", "2026-11-29"),
        ("monthly", "2026-11-01", "2026-12-01"),
        ("yearly", "2026-01-01", "2027-01-01"),
    ],
)
def test_intervals_begin_at_midnight_utc_and_weeks_on_sunday(interval: str, start: str, end: str) -> None:
    assert declines_models.window_start(interval, AT) == datetime.fromisoformat(f"{start}T00:00:00+00:00")
    assert declines_models.window_end(interval, AT) == datetime.fromisoformat(f"{end}T00:00:00+00:00")


def test_an_interval_without_a_beginning_counts_everything() -> None:
    limit = {"amount": 20000, "interval": "all_time", "categories": None}
    found = facts(card_controls={"spending_limits": [limit]}, uses=(used(15000, 400),))
    assert declines_models.meters(found)[0].left == 5000
    assert declines_words.explain(found).wait == ""

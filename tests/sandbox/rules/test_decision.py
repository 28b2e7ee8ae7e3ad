"""Each reason for which an authorization is declined, their order, and when a spending limit's window begins."""

from calendar import timegm
from dataclasses import replace
from typing import Any

import pytest

from sandbox.rules.decision import Attempt, Spend, decide, window_start

NOW = timegm((2026, 11, 18, 12, 0, 0))  # a Wednesday
FREE: dict[str, Any] = {
    **dict.fromkeys(
        f"{kind}_{name}"
        for kind in ("allowed", "blocked")
        for name in ("categories", "merchant_countries", "card_presences")
    ),
    "spending_limits": [],
}
HOLDER = {"id": "ich_1", "status": "active", "requirements": {"disabled_reason": None}, "spending_controls": FREE}
CARD = {
    "id": "ic_1",
    "status": "active",
    "exp_month": 11,
    "exp_year": 2026,
    "spending_controls": FREE,
    "cardholder": HOLDER,
}
FINE = Attempt(
    amount=100_00,
    now=NOW,
    card=CARD,
    category="bakeries",
    country="US",
    presence="not_present",
    available=100_00,
    issuing="active",
    checks={"cvc_check": "match"},
)


def card(**changes: Any) -> Attempt:
    return replace(FINE, card={**CARD, **changes})


def holder(**changes: Any) -> Attempt:
    return card(cardholder={**HOLDER, **changes})


def controls(**changes: Any) -> dict[str, Any]:
    return {"spending_controls": {**FREE, **changes}}


def limit(amount: int, interval: str, *categories: str) -> dict[str, Any]:
    return {"amount": amount, "interval": interval, "categories": list(categories) or None}


def spent(*amounts: int, of: str = "ic_1", at: int = NOW, category: str = "bakeries") -> tuple[Spend, ...]:
    return tuple(Spend(of, amount, at, category) for amount in amounts)


DECLINES = {
    "the capability is not requested": (replace(FINE, issuing=None), "account_disabled"),
    "the capability is inactive": (replace(FINE, issuing="inactive"), "account_disabled"),
    "the card is canceled": (card(status="canceled"), "card_canceled"),
    "the card has expired": (card(exp_month=10), "card_expired"),
    "the card is inactive": (card(status="inactive"), "card_inactive"),
    "the cardholder is blocked": (holder(status="blocked"), "cardholder_blocked"),
    "the cardholder is inactive": (holder(status="inactive"), "cardholder_inactive"),
    "the cardholder's requirements are past due": (
        holder(requirements={"disabled_reason": "requirements.past_due"}),
        "cardholder_verification_required",
    ),
    "the CVC is wrong": (replace(FINE, checks={"cvc_check": "mismatch"}), "verification_failed"),
    "the expiry is wrong": (replace(FINE, checks={"expiry_check": "mismatch"}), "verification_failed"),
    "3D Secure failed": (replace(FINE, checks={"three_d_secure": {"result": "failed"}}), "verification_failed"),
    "the category is not allowed": (card(**controls(allowed_categories=["airlines"])), "spending_controls"),
    "the category is blocked": (card(**controls(blocked_categories=["bakeries"])), "spending_controls"),
    "the country is not allowed": (card(**controls(allowed_merchant_countries=["DE"])), "spending_controls"),
    "the country is blocked": (card(**controls(blocked_merchant_countries=["US"])), "spending_controls"),
    "the presence is not allowed": (card(**controls(allowed_card_presences=["present"])), "spending_controls"),
    "the presence is blocked": (card(**controls(blocked_card_presences=["not_present"])), "spending_controls"),
    "the cardholder's controls refuse": (holder(**controls(blocked_categories=["bakeries"])), "spending_controls"),
    "over the limit of one authorization": (
        card(**controls(spending_limits=[limit(99_99, "per_authorization")])),
        "spending_controls",
    ),
    "over the 10,000 of one authorization": (
        replace(card(**controls(spending_limits=[limit(10**9, "daily")])), amount=10_000_01, available=10**9),
        "spending_controls",
    ),
    "over the silent 500 a day": (replace(FINE, spent=spent(400_01)), "spending_controls"),
    "too little money": (replace(FINE, available=99_99), "insufficient_funds"),
    "an overdrawn balance": (replace(FINE, amount=1, available=-1), "insufficient_funds"),
}


@pytest.mark.parametrize("case", DECLINES)
def test_an_authorization_is_declined_when(case: str) -> None:
    attempt, reason = DECLINES[case]
    assert decide(attempt) == (False, reason)


DAILY = controls(spending_limits=[limit(150_00, "daily")])
BAKERIES = controls(spending_limits=[limit(150_00, "daily", "bakeries")])
APPROVED = {
    "nothing is wrong": FINE,
    "it costs nothing and there is nothing": replace(FINE, amount=0, available=0),
    "it only checks the card of an overdrawn account": replace(FINE, amount=0, available=-5),
    "an unknown address is no mismatch": replace(FINE, checks={"address_line1_check": "mismatch"}),
    "the card expires with this month": card(exp_month=11),
    "it stays exactly within the limit": replace(card(**DAILY), spent=spent(50_00)),
    "the day before does not count": replace(card(**DAILY), spent=spent(150_00, at=NOW - 13 * 3600)),
    "another card's spending does not count": replace(card(**DAILY), spent=spent(150_00, of="ic_2")),
    "a limit with categories lets other categories be": replace(
        card(**BAKERIES), category="book_stores", spent=spent(150_00)
    ),
    "other categories' spending does not count": replace(
        card(**BAKERIES), spent=spent(150_00, category="book_stores")
    ),
    "own limits end the silent 500 a day": replace(
        card(**controls(spending_limits=[limit(10**9, "yearly")])), spent=spent(600_00)
    ),
    "exactly the silent 500 a day": replace(FINE, spent=spent(400_00)),
}  # fmt: skip


@pytest.mark.parametrize("case", APPROVED)
def test_an_authorization_is_approved_when(case: str) -> None:
    assert decide(APPROVED[case]) == (True, "card_active")


def test_a_cardholders_limit_spans_all_their_cards() -> None:
    attempt = replace(holder(**DAILY), spent=spent(50_00) + spent(1, of="ic_2"))
    assert decide(attempt) == (False, "spending_controls")


def test_an_increment_counts_with_what_was_granted_before() -> None:
    one = card(**controls(spending_limits=[limit(150_00, "per_authorization")]))
    assert decide(replace(one, so_far=50_00)) == (True, "card_active")
    assert decide(replace(one, so_far=50_01)) == (False, "spending_controls")


def test_a_replacement_goes_on_with_the_limits_of_the_first_card() -> None:
    attempt = replace(card(id="ic_3", _first="ic_1", **DAILY), spent=spent(50_01))
    assert decide(attempt) == (False, "spending_controls")


def test_the_strictest_of_several_limits_wins() -> None:
    both = controls(spending_limits=[limit(10**9, "daily"), limit(120_00, "monthly")])
    assert decide(replace(card(**both), spent=spent(20_01, at=NOW - 10 * 86400)))[1] == "spending_controls"


ORDER = [
    {"issuing": "inactive"},
    {"card": {"status": "canceled"}},
    {"holder": {"status": "blocked"}},
    {"checks": {"cvc_check": "mismatch"}},
    {"card": controls(blocked_categories=["bakeries"])},
    {"amount": 600_00},
    {"available": 0},
]
REASONS = [
    "account_disabled",
    "card_canceled",
    "cardholder_blocked",
    "verification_failed",
    "spending_controls",
    "spending_controls",
    "insufficient_funds",
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_of_several_reasons_the_first_is_told(first: int) -> None:
    attempt = FINE
    for wrong in ORDER[first:]:
        wrong = dict(wrong)
        own: dict[str, Any] = wrong.pop("card", {})
        theirs: dict[str, Any] = wrong.pop("holder", {})
        cardholder = {**attempt.card["cardholder"], **theirs}
        attempt = replace(attempt, card={**attempt.card, **own, "cardholder": cardholder}, **wrong)
    assert decide(attempt) == (False, REASONS[first])


STARTS = {
    "daily": (2026, 11, 18),
    "weekly": (2026, 11, 15),  # the Sunday before
    "monthly": (2026, 11, 1),
    "yearly": (2026, 1, 1),
    "all_time": (1970, 1, 1),
}


@pytest.mark.parametrize("interval", STARTS)
def test_a_window_begins_at_midnight_utc(interval: str) -> None:
    assert window_start(interval, NOW) == timegm((*STARTS[interval], 0, 0, 0))


def test_a_week_begins_on_sunday_itself() -> None:
    sunday = timegm((2026, 11, 15, 0, 0, 0))
    assert window_start("weekly", sunday) == sunday
    assert window_start("weekly", sunday - 1) == sunday - 7 * 86400

"""Why Issuing is off: one function, for every shape of account and capability."""

from typing import Any

import pytest

from accounts.account.words import Off, issuing, mover, why_off
from accounts.capabilities import words as capability_words
from accounts.requirements.models import rows
from tests.accounts.builders import CUSTOM, account_data, requirements

OFF = {"card_issuing": "inactive", "transfers": "inactive"}


def capability(status: str = "inactive", **values: Any) -> dict[str, Any]:
    """card_issuing's own object."""
    return {"id": "card_issuing", "object": "capability", "status": status, "requirements": requirements(**values)}


def off(own: dict[str, Any] | None = None, **data: Any) -> Off:
    """Why it is off, of an account whose short word is inactive."""
    account = account_data(**{"capabilities": OFF, **data})
    found = why_off(account, own, rows(account, [own] if own else []))
    assert found is not None
    return found


OF_CAPABILITIES = [  # docs.stripe.com/api/capabilities: every disabled_reason, whose move, which button
    ("other", "staff", "at_stripe"),
    ("paused.inactivity", "staff", "at_stripe"),
    ("pending.onboarding", "holder", "ask_holder"),
    ("pending.review", "stripe", ""),
    ("platform_disabled", "staff", "at_stripe"),
    ("platform_paused", "staff", "at_stripe"),
    ("rejected.inactivity", "holder", "ask_holder"),
    ("rejected.other", "stripe", "at_stripe"),
    ("rejected.unsupported_business", "stripe", "at_stripe"),
    ("requirements.fields_needed", "staff", "read_again"),  # none is named
]
OF_ACCOUNTS = [  # docs.stripe.com/api/accounts, of an account whose capability has not arrived
    ("action_required.requested_capabilities", "staff", "at_stripe"),
    ("listed", "stripe", ""),
    ("other", "staff", "at_stripe"),
    ("platform_paused", "staff", "at_stripe"),
    ("rejected.fraud", "stripe", "at_stripe"),
    ("rejected.incomplete_verification", "stripe", "at_stripe"),
    ("rejected.listed", "stripe", "at_stripe"),
    ("rejected.other", "stripe", "at_stripe"),
    ("rejected.platform_fraud", "staff", "at_stripe"),
    ("rejected.platform_other", "staff", "at_stripe"),
    ("rejected.platform_terms_of_service", "staff", "at_stripe"),
    ("rejected.terms_of_service", "stripe", "at_stripe"),
    ("requirements.past_due", "staff", "read_again"),  # none is named
    ("requirements.pending_verification", "stripe", ""),
    ("under_review", "stripe", ""),
]


@pytest.mark.parametrize(("reason", "move", "button"), OF_CAPABILITIES)
def test_every_reason_of_a_capability_says_whose_move_and_what_next(reason: str, move: str, button: str) -> None:
    found = off(capability(disabled_reason=reason))
    assert (found.reason, found.move, found.button) == (reason, move, button)
    assert reason not in found.why
    assert found.following.endswith(".")


@pytest.mark.parametrize(("reason", "move", "button"), OF_ACCOUNTS)
def test_every_reason_of_an_account_says_whose_move_and_what_next(reason: str, move: str, button: str) -> None:
    found = off(requirements=requirements(disabled_reason=reason))
    assert (found.reason, found.move, found.button) == (reason, move, button)
    assert reason not in found.why


@pytest.mark.parametrize(
    ("reason", "move"),
    [("paused.holiday", "staff"), ("rejected.brand_new", "stripe"), ("rejected.platform_mood", "staff"),
     ("pending.moon", "stripe"), ("a word", "staff")],
)  # fmt: skip
def test_a_reason_that_stripe_adds_is_shown_as_it_came(reason: str, move: str) -> None:
    for found in (off(capability(disabled_reason=reason)), off(requirements=requirements(disabled_reason=reason))):
        assert found.why == f"Stripe says {reason}."
        assert (found.move, found.reason) == (move, reason)


def test_waiting_for_stripe_is_a_next_step() -> None:
    for own in (capability("pending"), capability(disabled_reason="pending.review")):
        found = off(own, capabilities={"card_issuing": own["status"]})
        assert (found.name, found.move) == ("in_review", "stripe")
        assert found.following.startswith("Wait for Stripe")


def test_what_stripe_only_verifies_is_its_move() -> None:
    found = off(capability(pending_verification=["company.tax_id"]))
    assert (found.name, found.move) == ("in_review", "stripe")


def test_a_bare_word_says_that_the_reason_was_not_read_yet() -> None:
    found = off()
    assert (found.title, found.move, found.button) == ("its reason is not read yet", "staff", "read_again")
    assert off(capability()).title == "Stripe gives no reason"


@pytest.mark.parametrize("reason", ["", "other", "requirements.fields_needed"])
def test_an_account_says_why_where_its_capability_is_silent(reason: str) -> None:
    found = off(capability(disabled_reason=reason or None), requirements=requirements(disabled_reason="under_review"))
    assert (found.reason, found.move) == ("under_review", "stripe")


@pytest.mark.parametrize("reason", ["platform_paused", "paused.inactivity", "rejected.unsupported_business"])
def test_what_the_capability_says_of_itself_comes_before_what_the_account_does(reason: str) -> None:
    found = off(capability(disabled_reason=reason), requirements=requirements(disabled_reason="under_review"))
    assert found.reason == reason


def test_the_account_says_what_stripe_reviews() -> None:
    own = capability(disabled_reason="pending.review")
    assert "sanctions" in off(own, requirements=requirements(disabled_reason="listed")).why


@pytest.mark.parametrize("reason", [None, "other", "pending.onboarding", "requirements.fields_needed"])
def test_what_stripe_asks_by_name_is_named(reason: str | None) -> None:
    due = ["company.tax_id", "company.phone"]
    found = off(capability(disabled_reason=reason, past_due=due, currently_due=due))
    assert (found.title, found.move, found.button) == ("details are past due", "holder", "ask_holder")
    assert found.why == "Stripe still asks for: The company: tax ID and phone number."
    assert found.asked


def test_a_pause_is_told_though_something_is_due_as_well() -> None:
    found = off(capability(disabled_reason="platform_paused", past_due=["company.tax_id"]))
    assert (found.reason, found.asked) == ("platform_paused", False)


def test_what_only_another_capability_asks_for_does_not_explain_it() -> None:
    transfers = {"id": "transfers", "status": "inactive", "requirements": requirements(past_due=["external_account"])}
    own = capability(disabled_reason="requirements.fields_needed")
    account = account_data(capabilities=OFF, requirements=requirements(past_due=["external_account"]))
    found = why_off(account, own, rows(account, [transfers, own]))
    assert found is not None
    assert not found.asked


def test_what_the_capability_names_counts_before_what_only_the_account_does() -> None:
    own = capability(disabled_reason="requirements.fields_needed", past_due=["company.tax_id"])
    both = requirements(past_due=["company.tax_id", "external_account"])
    assert off(own, requirements=both).why == "Stripe still asks for: The company: tax ID."


def test_an_account_that_nobody_began_is_onboarded_first() -> None:
    due = requirements(past_due=["company.tax_id"], currently_due=["company.tax_id"])
    own = capability(disabled_reason="requirements.fields_needed", past_due=["company.tax_id"])
    assert off(own, details_submitted=False, requirements=due).title == "onboarding has not begun"


def test_a_rejection_of_the_account_comes_before_what_its_capability_says() -> None:
    data = {"requirements": requirements(disabled_reason="rejected.platform_fraud")}
    assert off(capability(disabled_reason="platform_disabled"), **data).reason == "rejected.platform_fraud"
    assert off(capability("active"), **data).name == "rejected"


def test_what_was_never_asked_for_and_what_cannot_issue_say_so() -> None:
    assert off(capabilities={}).title == "it is not requested"
    assert off(capability("unrequested")).title == "it is not requested"
    express = off(controller={**CUSTOM, "stripe_dashboard": {"type": "express"}})
    assert (express.name, express.button) == ("cannot_issue", "")


def test_it_is_on_whatever_else_is_off() -> None:
    late = requirements(past_due=["external_account"], disabled_reason="requirements.past_due")
    account = account_data(capabilities={"card_issuing": "active", "transfers": "inactive"}, requirements=late)
    assert why_off(account, capability("active")) is None
    assert why_off(account_data()) is None


def test_all_that_stripe_found_wrong_is_told() -> None:
    errors = [
        {"code": "a", "reason": "First fault.", "requirement": "company.tax_id"},
        {"code": "b", "reason": "Second fault.", "requirement": "company.tax_id"},
        {"code": "c", "reason": "Nowhere due.", "requirement": "company.name"},
        {"code": "d", "reason": "Of no key."},
    ]
    found = off(capability(disabled_reason="rejected.other", errors=errors))
    assert found.faults == ("First fault.", "Second fault.", "Nowhere due.", "Of no key.")


@pytest.mark.parametrize("odd", [None, 7, [], "text", {"disabled_reason": {"a": 1}, "errors": "x", "past_due": 5}])
def test_shapes_that_stripe_never_sent_are_no_error(odd: Any) -> None:
    own = {"id": "card_issuing", "status": "inactive", "requirements": odd}
    assert why_off(account_data(capabilities=OFF, requirements=odd), own) is not None
    assert why_off({"controller": CUSTOM, "capabilities": odd}) is not None


def test_the_badge_and_the_reason_never_disagree() -> None:
    for reason, *_ in OF_CAPABILITIES:
        own = capability(disabled_reason=reason)
        assert off(own).name == issuing(account_data(capabilities=OFF), own).name


@pytest.mark.parametrize(
    ("own", "move"),
    [
        (capability(disabled_reason="platform_paused"), "staff"),
        (capability(disabled_reason="pending.review"), "stripe"),
        (capability("pending"), "stripe"),
        (capability(pending_verification=["a"]), "stripe"),
        (capability(), "account"),
        (capability(disabled_reason="other"), "account"),
        (capability(disabled_reason="rejected.other"), ""),
        (capability(disabled_reason="requirements.fields_needed", past_due=["a"]), ""),
        (capability("active"), ""),
        (capability("unrequested"), ""),
    ],
)
def test_whose_move_is_a_column_of_the_capability(own: dict[str, Any], move: str) -> None:
    assert capability_words.mover(own) == move


def test_whose_move_is_the_accounts_where_its_capability_says_nothing() -> None:
    assert mover(account_data(capabilities=OFF)) == "staff"
    assert mover(account_data(capabilities=OFF, requirements=requirements(disabled_reason="under_review"))) == "stripe"
    assert mover(account_data(capabilities=OFF, requirements=requirements(past_due=["company.name"]))) == ""
    assert mover(account_data()) == ""

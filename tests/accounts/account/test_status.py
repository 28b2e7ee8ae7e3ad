"""The two badges, from Stripe's data alone."""

from typing import Any

import pytest

from accounts.account import words as account_words
from tests.accounts.builders import CUSTOM, account_data, requirements

OFF = {"card_issuing": "inactive", "transfers": "inactive"}
OVERALL = [
    ({}, "enabled"),
    ({"requirements": requirements(eventually_due=["company.phone"])}, "enabled"),
    ({"requirements": requirements(currently_due=["company.phone"])}, "enabled"),
    ({"requirements": requirements(currently_due=["company.phone"], current_deadline=1)}, "restricted_soon"),
    ({"requirements": requirements(pending_verification=["company.tax_id"])}, "in_review"),
    (
        {"requirements": requirements(pending_verification=["a"], currently_due=["b"], current_deadline=1)},
        "restricted_soon",
    ),
    ({"requirements": requirements(disabled_reason="under_review"), "capabilities": OFF}, "in_review"),
    ({"requirements": requirements(disabled_reason="listed")}, "in_review"),
    ({"requirements": requirements(disabled_reason="requirements.pending_verification")}, "in_review"),
    ({"requirements": requirements(disabled_reason="under_review", past_due=["b"]), "capabilities": OFF}, "restricted"),
    ({"requirements": requirements(disabled_reason="requirements.past_due", past_due=["b"])}, "restricted"),
    ({"requirements": requirements(disabled_reason="a.new.reason")}, "restricted"),
    ({"capabilities": {"card_issuing": "inactive"}}, "restricted"),
    ({"capabilities": {"card_issuing": "active", "link_payments": "inactive"}}, "enabled"),
    ({"requirements": requirements(disabled_reason="rejected.platform_other"), "capabilities": OFF}, "rejected"),
    ({"requirements": requirements(disabled_reason="rejected.brand_new")}, "rejected"),
    ({"requirements": None, "capabilities": None}, "enabled"),
]
KINDS = [
    (CUSTOM, "custom", True),
    ({**CUSTOM, "fees": {"payer": "application"}}, "custom", True),
    ({**CUSTOM, "fees": {"payer": "account"}}, "other", False),
    ({**CUSTOM, "losses": {"payments": "stripe"}}, "other", False),
    ({**CUSTOM, "requirement_collection": "stripe"}, "other", False),
    ({**CUSTOM, "stripe_dashboard": {"type": "express"}}, "express", False),
    ({**CUSTOM, "stripe_dashboard": {"type": "full"}}, "standard", False),
    ({"type": "account"}, "standard", False),
    ({}, "other", False),
    (None, "other", False),
]


@pytest.mark.parametrize(("data", "expected"), OVERALL)
def test_overall_badge_follows_requirements_and_capabilities(data: dict[str, Any], expected: str) -> None:
    found = account_words.overall(account_data(**data))
    assert found.name == expected
    assert found.why


def test_restricted_account_may_issue() -> None:
    """The bank account is missing: transfers is inactive, card_issuing works."""
    late = requirements(past_due=["external_account"], disabled_reason="requirements.past_due")
    data = account_data(capabilities={"card_issuing": "active", "transfers": "inactive"}, requirements=late)
    assert account_words.overall(data).name == "restricted"
    assert account_words.issuing(data).name == "enabled"
    assert "transfers is inactive" in account_words.overall(data).why


def test_issuing_badge_without_the_capability_takes_the_accounts_word() -> None:
    assert account_words.issuing(account_data()).name == "enabled"
    assert account_words.issuing(account_data(capabilities={"card_issuing": "pending"})).name == "in_review"
    assert account_words.issuing(account_data(capabilities={})).name == "not_requested"


def test_rejected_account_cannot_issue_whatever_its_capability_says() -> None:
    data = account_data(requirements=requirements(disabled_reason="rejected.fraud"))
    found = account_words.issuing(data, {"status": "active"})
    assert (found.name, found.why) == ("rejected", "Rejected by Stripe, for suspected fraud.")


@pytest.mark.parametrize(("controller", "name", "can_issue"), KINDS)
def test_kind_is_judged_by_controller_and_never_by_type(controller: Any, name: str, can_issue: bool) -> None:
    data = account_data(controller=controller, type="custom" if not can_issue else "standard")
    found = account_words.kind(data)
    assert (found.name, found.can_issue) == (name, can_issue)
    assert found.word
    assert found.why.endswith(".")
    assert (account_words.issuing(data).name == "cannot_issue") is not can_issue

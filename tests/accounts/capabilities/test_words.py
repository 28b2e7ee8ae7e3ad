"""The badge of Issuing, from the capability alone."""

from typing import Any

import pytest

from accounts.account import words as account_words
from tests.accounts.builders import account_data, requirements

CAPABILITY = [
    ({"status": "active"}, "enabled"),
    ({"status": "active", "requirements": requirements(currently_due=["x"], current_deadline=9)}, "restricted_soon"),
    ({"status": "pending"}, "in_review"),
    ({"status": "inactive", "requirements": requirements(disabled_reason="pending.review")}, "in_review"),
    ({"status": "inactive"}, "restricted"),
    ({"status": "inactive", "requirements": requirements(disabled_reason="paused.inactivity")}, "restricted"),
    ({"status": "inactive", "requirements": requirements(disabled_reason="rejected.inactivity")}, "rejected"),
    ({"status": "unrequested"}, "not_requested"),
    ({"status": "hibernating"}, "hibernating"),
]


@pytest.mark.parametrize(("data", "expected"), CAPABILITY)
def test_issuing_badge_follows_the_capability(data: dict[str, Any], expected: str) -> None:
    assert account_words.issuing(account_data(), data).name == expected

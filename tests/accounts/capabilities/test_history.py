"""What events tell of a capability."""

import pytest

from accounts.capabilities.models import Capability
from accounts.history.models import StateChange
from tests.accounts.acting import ACCOUNT, event

pytestmark = pytest.mark.django_db


def test_changes_of_state_are_written_with_before_and_after() -> None:
    status = {"id": "card_issuing", "object": "capability", "account": ACCOUNT, "status": "inactive"}
    Capability.witness(event(7, status, {"status": "active"}, "capability.updated"))
    change = StateChange.objects.get()
    assert (change.subject, change.field, change.before, change.after) == (
        "card_issuing",
        "status",
        "active",
        "inactive",
    )

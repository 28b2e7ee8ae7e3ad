"""Every kind of trouble on the way of a card: never two; one, or an operation that says which it is."""

from datetime import timedelta

import pytest

from accounts.account.models import Account
from console.operations.models import Operation
from issuing.cards.models import Card
from tests.console.acting import faults, settle
from tests.console.operations.test_operations_unknown import LATER, TROUBLE
from tests.issuing.conftest import make_cardholder, perform
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State


def cards_at_stripe(sandbox: SandboxProcess, account: Account) -> list[str]:
    _, listed, _ = sandbox.api("GET", "/v1/issuing/cards", {"limit": "100"}, account=account.pk)
    return [each["id"] for each in listed["data"]]


@pytest.mark.parametrize(("fault", "state", "by", "number"), TROUBLE)
def test_trouble_never_makes_two_cards(
    fault: str, state: str, by: str, number: int, account: Account, sandbox: SandboxProcess
) -> None:
    holder = make_cardholder(account)
    faults(sandbox, fault, match="POST /v1/issuing/cards")
    operation = perform("create_card", account, cardholder=holder.pk).operation
    assert operation.state == State.UNKNOWN
    while operation.state == State.UNKNOWN:
        settle(operation, LATER)
    assert (operation.state, operation.settled_by) == (state, by)
    assert cards_at_stripe(sandbox, account) == [operation.object_id] * number
    assert list(Card.objects.values_list("pk", flat=True)) == [operation.object_id] * number


def test_a_card_that_was_not_found_is_never_made_by_itself(account: Account, sandbox: SandboxProcess) -> None:
    holder = make_cardholder(account)
    faults(sandbox, "500_replayed_undone", match="POST /v1/issuing/cards")
    operation = perform("create_card", account, cardholder=holder.pk).operation
    while operation.state == State.UNKNOWN:
        settle(operation, LATER)
    for days in range(3):
        assert settle(operation, timedelta(days=days)).state == State.NOT_FOUND
    assert cards_at_stripe(sandbox, account) == []

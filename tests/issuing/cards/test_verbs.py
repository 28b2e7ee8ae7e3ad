"""Cards: over the sandbox, through the one door, with what can go wrong."""

from typing import Any

import pytest

from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from console.record.models import AuditEntry
from issuing.cards.models import Card
from tests.issuing.acting import at_stripe, lost
from tests.issuing.conftest import Do, issuing_account, make_card, make_cardholder
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State


def operation_user() -> Any:
    return Operation.objects.order_by("created_at").first().user  # type: ignore[union-attr]


def test_a_card_is_created_inactive_with_its_limit(do: Do, account: Account) -> None:
    holder = make_cardholder(account)
    operation = do(
        "create_card", account, cardholder=holder.pk, limit_amount="200.50", limit_interval="weekly"
    ).operation
    assert operation.state == State.SUCCEEDED, operation.error_message
    card = Card.objects.get(pk=operation.object_id)
    assert (card.status, card.type, card.currency, card.cardholder_id) == ("inactive", "virtual", "usd", holder.pk)
    limits = card.data["spending_controls"]["spending_limits"]
    assert [(each["amount"], each["interval"]) for each in limits] == [(20_050, "weekly")]


def test_a_card_is_activated_deactivated_and_canceled(do: Do, account: Account) -> None:
    card = make_card(account, active=False)
    for verb, status in (("activate_card", "active"), ("deactivate_card", "inactive"), ("cancel_card", "canceled")):
        operation = do(verb, card).operation
        assert (operation.state, operation.object_id) == (State.SUCCEEDED, card.pk), operation.error_message
        card.refresh_from_db()
        assert card.status == status


def test_the_reason_of_a_cancellation_is_stripes(do: Do, account: Account) -> None:
    card = make_card(account)
    do("cancel_card", card, cancellation_reason="stolen")
    card.refresh_from_db()
    assert card.data["cancellation_reason"] == "stolen"


def test_stripe_says_why_a_card_cannot_be_activated(do: Do, account: Account) -> None:
    holder = make_cardholder(account, first_name="", terms_date="", terms_ip="")
    card = make_card(account, active=False, cardholder=holder.pk)
    operation = do("activate_card", card).operation
    assert operation.state == State.REFUSED
    assert "outstanding requirements" in operation.error_message


def test_a_canceled_card_offers_nothing(do: Do, account: Account) -> None:
    card = make_card(account)
    do("cancel_card", card)
    for verb in ("activate_card", "deactivate_card", "cancel_card", "update_card"):
        with pytest.raises(Denied, match="canceled card never works again"):
            do(verb, card)


def test_an_old_page_does_not_wake_a_card_canceled_elsewhere(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account, active=False)
    sandbox.api("POST", f"/v1/issuing/cards/{card.pk}", {"status": "canceled"}, account=account.pk)
    operation = do("activate_card", card).operation
    assert (operation.state, operation.error_code) == (State.REFUSED, "not_sent")
    assert "canceled at Stripe" in operation.error_message
    card.refresh_from_db()
    assert card.canceled  # and the mirror knows it now


def test_a_double_click_cancels_once_and_finds_the_first(do: Do, account: Account) -> None:
    card = make_card(account)
    first = do("cancel_card", card, _token="a" * 32)
    again = do("cancel_card", card, _token="a" * 32)
    assert again.again
    assert again.operation == first.operation


def test_a_cancellation_whose_answer_was_lost_is_settled_once(
    do: Do, account: Account, sandbox: SandboxProcess
) -> None:
    card = make_card(account)
    lost(sandbox, f"/v1/issuing/cards/{card.pk}")
    operation = do("cancel_card", card).operation
    assert operation.state == State.UNKNOWN
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.result["status"]) == (State.SUCCEEDED, "canceled")


def test_a_lost_card_is_made_once(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    holder = make_cardholder(account)
    lost(sandbox, "/v1/issuing/cards")
    operation = do("create_card", account, cardholder=holder.pk).operation
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert [each["id"] for each in at_stripe(sandbox, "/v1/issuing/cards", account)] == [operation.object_id]


@pytest.mark.parametrize("verb", ["activate_card", "deactivate_card", "cancel_card"])
def test_a_change_of_status_is_found_by_looking(do: Do, account: Account, verb: str) -> None:
    card = make_card(account, active=verb == "deactivate_card")
    find = verbs.get(f"issuing.{verb}").find
    assert find
    operation = Operation(verb=f"issuing.{verb}", account_id=account.pk, object_id=card.pk)
    assert find(operation) is None
    do(verb, card)
    found = find(operation)
    assert found
    assert found.object_id == card.pk


def test_the_object_stands_in_the_operation_from_the_intent_on(do: Do, account: Account) -> None:
    card = make_card(account, active=False)
    operation = do("activate_card", card).operation
    assert operation.params == {"card": card.pk}
    intended = AuditEntry.objects.get(operation=operation, action="operation.intended")
    assert (intended.subject, intended.account_id) == (card.pk, account.pk)


def test_another_accounts_card_is_denied_and_audited(do: Do, account: Account) -> None:
    other = issuing_account("Birch Bakery")
    card = make_card(account, active=False)
    Card.every.filter(pk=card.pk).update(account=other.pk)
    with pytest.raises(Denied, match="no card"):
        door.perform(
            verbs.get("issuing.activate_card"),
            user=operation_user(),
            params={},
            reason="The customer asked for it",
            form_token="b" * 32,
            account_id=account.pk,
            object_id=card.pk,
        )
    denied = AuditEntry.objects.get(action="operation.denied")
    assert denied.subject == card.pk

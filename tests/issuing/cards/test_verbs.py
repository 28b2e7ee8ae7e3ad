"""Cardholders and cards: over the sandbox, through the one door, with what can go wrong."""

from typing import Any

import pytest

from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.door import Denied
from console.operations.models import Operation
from console.record.models import AuditEntry
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from tests.issuing.conftest import HOLDER, Do, issuing_account, make_card, make_cardholder
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State


def lost(sandbox: SandboxProcess, path: str) -> None:
    """The next POST there arrives, and its answer does not."""
    sandbox.control("faults", [{"match": f"POST {path}", "times": 1, "fault": "reset_after"}])


def at_stripe(sandbox: SandboxProcess, path: str, account: Account) -> list[dict[str, Any]]:
    return sandbox.api("GET", path, {"limit": "100"}, account=account.pk)[1]["data"]


def last_body(sandbox: SandboxProcess, path: str) -> str:
    """The body of the last POST to a path."""
    return str(
        next(line for line in reversed(sandbox.traffic()) if line.get("path") == path and line["method"] == "POST")
    )


# Cardholders


def test_a_cardholder_is_created_and_mirrored_at_once(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    operation = do("create_cardholder", account, **HOLDER, email="amara@example.com").operation
    assert operation.state == State.SUCCEEDED, operation.error_message
    row = Cardholder.objects.get(pk=operation.object_id)
    assert (str(row), row.email, row.status, row.past_due) == ("Amara Okonkwo", "amara@example.com", "active", [])
    assert row.account_id == account.pk
    assert row.data["metadata"] == {"console_operation": str(operation.pk)}
    assert row.data["individual"]["card_issuing"]["user_terms_acceptance"]["date"] == 1767607200


def test_a_company_is_created_without_a_person(do: Do, account: Account) -> None:
    company = {name: HOLDER[name] for name in ("line1", "city", "state", "postal_code", "country")}
    operation = do("create_cardholder", account, type="company", name="Halloran Ltd", tax_id="12-3456789", **company)
    row = Cardholder.objects.get(pk=operation.operation.object_id)
    assert (row.type, row.data["company"]) == ("company", {"tax_id_provided": True})


def test_dates_of_birth_and_tax_numbers_are_kept_nowhere(do: Do, account: Account) -> None:
    operation = do("create_cardholder", account, **HOLDER, dob="1990-02-03").operation
    assert operation.state == State.SUCCEEDED
    assert operation.sensitive == ["dob"]
    told = repr([operation.params, operation.result, operation.tries, *operation.audit_entries.values_list("detail")])
    assert "1990" not in told


def test_stripes_refusal_is_kept_word_for_word(do: Do, account: Account) -> None:
    operation = do("create_cardholder", account, **{**HOLDER, "first_name": "阿"}).operation
    assert (operation.state, operation.error_param) == (State.REFUSED, "individual[first_name]")
    assert operation.request_id


def test_what_was_lost_is_found_by_its_mark(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    lost(sandbox, "/v1/issuing/cardholders")
    operation = do("create_cardholder", account, **HOLDER).operation
    assert operation.state == State.UNKNOWN
    found = verbs.get("issuing.create_cardholder").find(operation)  # type: ignore[misc]
    assert found
    assert [each["id"] for each in at_stripe(sandbox, "/v1/issuing/cardholders", account)] == [found.object_id]


def test_only_what_is_given_is_changed(do: Do, account: Account) -> None:
    row = make_cardholder(account, email="old@example.com")
    operation = do("update_cardholder", row, email="new@example.com").operation
    assert operation.state == State.SUCCEEDED, operation.error_message
    row.refresh_from_db()
    assert (row.email, row.data["individual"]["first_name"]) == ("new@example.com", "Amara")
    assert row.data["metadata"]["console_operation"] != row.data["metadata"]["console_update"]
    found = verbs.get("issuing.update_cardholder").find(operation)  # type: ignore[misc]
    assert found
    assert found.object_id == row.pk


@pytest.mark.parametrize(("verb", "status"), [("deactivate_cardholder", "inactive"), ("activate_cardholder", "active")])
def test_a_cardholder_is_deactivated_and_activated(do: Do, account: Account, verb: str, status: str) -> None:
    row = make_cardholder(account)
    operation = do(verb, row).operation
    assert (operation.state, operation.object_id) == (State.SUCCEEDED, row.pk)
    row.refresh_from_db()
    assert row.status == status


def test_a_blocked_cardholder_offers_nothing(do: Do, account: Account) -> None:
    row = make_cardholder(account)
    Cardholder.every.filter(pk=row.pk).update(status="blocked")
    for verb in ("activate_cardholder", "deactivate_cardholder", "update_cardholder"):
        with pytest.raises(Denied, match="blocked"):
            do(verb, row, email="a@example.com")


# Cards


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


def operation_user() -> Any:
    return Operation.objects.order_by("created_at").first().user  # type: ignore[union-attr]


@pytest.mark.parametrize("who", ["vera", "sam"])
def test_viewer_and_support_change_nothing(do: Do, account: Account, who: str) -> None:
    card = make_card(account)
    for verb in ("activate_card", "deactivate_card", "cancel_card", "update_card"):
        with pytest.raises(Denied, match="no permission"):
            do(verb, card, who=who)
    for verb in ("create_card", "create_cardholder", "create_topup", "create_test_authorization"):
        with pytest.raises(Denied, match="no permission"):
            do(verb, account, who=who)

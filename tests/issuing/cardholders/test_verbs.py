"""Cardholders: over the sandbox, through the one door, with what can go wrong."""

import pytest

from accounts.account.models import Account
from console.operations import verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from issuing.cardholders.models import Cardholder
from tests.issuing.acting import at_stripe, lost
from tests.issuing.conftest import HOLDER, Do, make_cardholder
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State


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
    told = repr(
        [operation.params, operation.result, operation.tries, *(row.detail for row in operation.audit_entries.all())]
    )
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

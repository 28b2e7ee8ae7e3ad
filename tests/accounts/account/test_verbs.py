"""Create and refresh: over the sandbox, through the one door, with what can go wrong."""

from typing import Any

import pytest

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.history.models import Requirement
from accounts.persons.models import Person
from console.operations import door, verbs
from console.operations.models import Operation
from tests.accounts.conftest import VALUES, Do, Make
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State


def at_stripe(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return sandbox.api("GET", "/v1/accounts", {"limit": "100"})[1]["data"]


def test_created_account_can_issue_and_is_mirrored_at_once(do: Do, sandbox: SandboxProcess) -> None:
    operation = do("create_account", **VALUES).operation
    assert operation.state == State.SUCCEEDED
    account = Account.objects.get(pk=operation.account_id)
    assert (str(account), account.legal_name, account.kind) == ("Kestrel Freight", "Kestrel Inc.", "custom")
    assert account.data["capabilities"] == {"card_issuing": "inactive", "transfers": "inactive"}
    assert account.data["metadata"] == {"console_operation": str(operation.pk)}
    assert (account.overall.name, account.needs_attention) == ("restricted", False)
    assert operation.request_id.startswith("req_")


def test_individual_is_created_with_their_name(do: Do) -> None:
    params = {"country": "US", "business_type": "individual", "first_name": "Beatrix", "last_name": "Halloran"}
    operation = do("create_account", **params).operation
    assert operation.state == State.SUCCEEDED
    assert str(Account.objects.get(pk=operation.account_id)) == "Beatrix Halloran"


def test_stripes_refusal_is_kept_word_for_word(do: Do) -> None:
    operation = do("create_account", **{**VALUES, "country": "FR"}).operation
    assert operation.state == State.REFUSED
    assert operation.error_message
    assert operation.request_id
    assert not Account.objects.exists()


@pytest.mark.parametrize("fault", ["reset_after", "500_replayed"])
def test_account_whose_answer_was_lost_is_found_by_its_metadata(do: Do, sandbox: SandboxProcess, fault: str) -> None:
    sandbox.control("faults", [{"match": "POST /v1/accounts", "times": 1, "fault": fault}])
    operation = do("create_account", **VALUES).operation
    assert operation.state == State.UNKNOWN
    found = verbs.get("accounts.create_account").find(operation)
    there = [data["id"] for data in at_stripe(sandbox)]
    assert len(there) <= 1
    assert (found.account_id if found else None) == (there[0] if there else None)


def test_lost_answer_never_makes_a_second_account(do: Do, sandbox: SandboxProcess) -> None:
    sandbox.control("faults", [{"match": "POST /v1/accounts", "times": 1, "fault": "reset_after"}])
    operation = do("create_account", **VALUES).operation
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert [data["id"] for data in at_stripe(sandbox)] == [operation.account_id]
    assert Account.objects.get().pk == operation.account_id


def test_refresh_reads_the_account_and_all_below_it(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    path = f"/v1/accounts/{account.pk}"
    sandbox.api("POST", path, {"business_profile[name]": "Kestrel Air", "external_account": "btok_us"})
    _, person, _ = sandbox.api("POST", f"{path}/persons", {"first_name": "Marta", "last_name": "Ilves"})
    operation = do("refresh", account).operation
    assert operation.state == State.SUCCEEDED
    assert str(Account.objects.get()) == "Kestrel Air"
    assert set(Capability.objects.values_list("name", flat=True)) == {"card_issuing", "transfers"}
    assert str(Person.objects.get()) == "Marta Ilves"
    assert ExternalAccount.objects.get().last4 == "6789"
    sandbox.api("DELETE", f"{path}/persons/{person['id']}")
    do("refresh", account)
    assert Person.objects.get().gone
    assert not Account.objects.get().gone


def test_refresh_of_a_deleted_account_keeps_what_was_last_seen(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    sandbox.api("DELETE", f"/v1/accounts/{account.pk}")
    operation = do("refresh", account).operation
    assert operation.result["gone"] is True
    account.refresh_from_db()
    assert account.gone
    assert str(account) == "Kestrel Freight"
    assert do("create_account_link", account).operation.error_code == "account_invalid"


def test_refresh_writes_history_of_what_no_event_told(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    sandbox.api("POST", f"/v1/accounts/{account.pk}", {"company[phone]": "0000000000"})
    do("refresh", account)
    row = Requirement.objects.get(scope="account", key="company.phone", list="past_due", became="met")
    assert row.source == "sync"

"""Test values: the plan is a pure function, and whatever was interrupted goes on where it stopped."""

import uuid
from typing import Any

import pytest

from accounts.account.models import Account
from accounts.onboarding.verbs import fill_test_values
from accounts.persons.models import Person
from accounts.terms.models import Acceptance
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from tests.accounts.acting import run
from tests.accounts.builders import requirements
from tests.accounts.conftest import Do, Make
from tests.people import browser
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def planned(*keys: str, persons: Any = (), **data: Any) -> dict[str, Any]:
    """{name and path: params} of the plan for these keys."""
    account = {"country": "US", "requirements": requirements(currently_due=list(keys)), **data}
    return {f"{step.name}{step.path}": step.params for step in fill_test_values.plan(account, persons)}


def test_nothing_due_needs_no_call() -> None:
    assert planned() == {}
    assert planned("tos_acceptance.date", "interv_1.url_inquiry.form") == {}


def test_parts_of_one_hash_are_sent_whole() -> None:
    sent = planned("company.address.city", "business_profile.annual_revenue.amount", "external_account")["account"]
    assert sent["company"]["address"]["line1"] == "address_full_match"
    assert set(sent["business_profile"]["annual_revenue"]) == {"amount", "currency", "fiscal_year_end"}
    assert sent["external_account"] == "btok_us"


def test_missing_representative_is_made_in_every_role_that_is_asked_for() -> None:
    sent = planned("relationship.representative", "relationship.owner")["person/persons"]
    assert sent["relationship"] == {
        "representative": True,
        "owner": True,
        "title": "Managing director",
        "percent_ownership": 60,
    }
    assert (sent["dob"]["year"], sent["id_number"]) == (1902, "222222222")


def test_person_there_is_given_what_is_asked_and_no_second_one_is_made() -> None:
    there = [{"id": "person_1", "relationship": {"representative": True}}]
    sent = planned("person_1.ssn_last_4", "person_1.dob.day", "relationship.owner", persons=there)
    assert set(sent) == {"roles/persons/person_1", "person/persons/person_1"}
    assert set(sent["person/persons/person_1"]) == {"id_number", "dob"}


@pytest.mark.parametrize("business_type", ["company", "individual", "non_profit", "government_entity"])
@pytest.mark.parametrize("country", ["US", "GB"])
def test_every_kind_of_account_becomes_active(
    do: Do, make: Make, sandbox: SandboxProcess, business_type: str, country: str
) -> None:
    sandbox.control("settings", {"verification_delay": 0})
    names = {"business_name": "Kestrel Freight"}
    account = make(country=country, business_type=business_type, **{"company_name": "", **names})
    operation = do("fill_test_values", account).operation
    assert (operation.state, operation.result) == ("succeeded", {"card_issuing": "active", "left": []})
    account.refresh_from_db()
    assert account.issuing.name == "enabled"
    assert set(Acceptance.objects.values_list("agreement", "obtained_how")) == {
        ("issuing", "test_values"),
        ("services", "test_values"),
    }


def test_account_of_no_kind_yet_is_filled_in_too(do: Do, sandbox: SandboxProcess) -> None:
    from accounts.management.commands.seed_accounts import read

    form = {"type": "custom", "country": "US", "capabilities[card_issuing][requested]": "true"}
    data = sandbox.api("POST", "/v1/accounts", {**form, "capabilities[transfers][requested]": "true"})[1]
    read(data["id"])
    operation = do("fill_test_values", Account.objects.get(pk=data["id"])).operation
    assert operation.result == {"card_issuing": "active", "left": []}


@pytest.mark.parametrize("call", range(4))
@pytest.mark.parametrize("fault", ["reset_after", "reset_before"])
def test_interrupted_at_any_step_it_goes_on_and_makes_one_person(
    do: Do, make: Make, sandbox: SandboxProcess, call: int, fault: str
) -> None:
    account = make()
    path = ("", "/persons", "", "")[call]
    sandbox.control("faults", [{"match": f"POST /v1/accounts/{account.pk}{path}", "times": 1, "fault": fault}])
    operation = do("fill_test_values", account).operation
    for _ in range(3):
        if operation.state != "succeeded":
            door.settle(str(operation.pk), at=operation.next_try_at)
            operation.refresh_from_db()
    assert operation.result == {"card_issuing": "active", "left": []}
    assert Person.objects.filter(account=account.pk).count() == 1
    assert Acceptance.objects.count() == 2


def test_what_test_values_cannot_meet_is_named(do: Do, make: Make, sandbox: SandboxProcess) -> None:
    account = make()
    key = "interv_1.business_model_verification.form"
    sandbox.control(f"accounts/{account.pk}", {"do": "require", "keys": [key], "deadline": "3d"})
    operation = do("fill_test_values", account).operation
    assert operation.result["left"] == [key]
    assert key in verbs.get("accounts.fill_test_values").done(operation)
    assert not verbs.get("accounts.fill_test_values").went_well(operation)


def test_it_does_not_exist_in_live_mode(do: Do, make: Make, settings: Any) -> None:
    account = make()
    settings.CONSOLE_MODE = "live"
    with pytest.raises(Denied, match="live mode"):
        do("fill_test_values", account)
    page = browser("otto").get(account.get_absolute_url()).content.decode()
    assert "Fill in test values" not in page
    actions = browser("otto").get("/accounts/account/").content.decode()
    assert "fill_test_values" not in actions


def test_page_and_command_do_the_same(make: Make) -> None:
    first, second = make(), make()
    otto = browser("otto")
    url = f"/connect/accounts/{first.pk}/do/accounts.fill_test_values"
    assert b"What will be sent" in otto.get(url).content
    form = {"reason": "To try out cards", "form_token": uuid.uuid4().hex, "for_account": first.pk}
    answer = otto.post(url, form)
    assert (answer.status_code, answer["Location"]) == (303, first.get_absolute_url())
    assert run("fill_test_values", second.pk) == f"{second.pk} succeeded"
    assert Account.objects.filter(issuing_status="enabled").count() == 2
    assert Operation.objects.filter(state="succeeded").count() == 2


def test_many_at_once_from_the_list(make: Make) -> None:
    ids = [make().pk, make().pk]
    answer = browser("otto").post(
        "/accounts/account/", {"action": "accounts.fill_test_values", "_selected_action": ids}
    )
    assert b"Fill in test values for 2 accounts" in answer.content

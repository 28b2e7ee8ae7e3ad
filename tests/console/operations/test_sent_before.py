"""A form sent twice: the same is the first operation; anything else is told what was sent, and sends nothing."""

from typing import Any

import pytest
from django.test import Client

from console.operations import sent_before
from console.operations.admission import AlreadySent
from console.operations.forms import fresh_token
from console.operations.models import Operation
from console.people.models import User
from console.record.models import AuditEntry
from tests.console.acting import (
    ACCOUNT,
    CREATE,
    PERMISSION,
    REASON,
    RENAME,
    account,
    accounts_at_stripe,
    creates,
    do,
    person,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("acting_verbs")

TOKEN = "a" * 32


@pytest.fixture
def ana(db: None) -> User:
    return person("ana", PERMISSION, "accounts.view_pii")


def told(user: User, **options: Any) -> str:
    """What this person reads after sending the form with that token once more."""
    with pytest.raises(AlreadySent) as caught:
        do(CREATE, user, **{"params": ACCOUNT, "form_token": TOKEN, **options})
    assert caught.value.first == Operation.objects.get()
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"params": {**ACCOUNT, "business_name": "Birch Ltd"}}, "Business name: Alder Ltd."),
        ({"params": {"business_name": "Alder Ltd"}}, "Country: US."),
        ({"params": {**ACCOUNT, "email": "x@birch.example"}}, "Email: nothing."),
        ({"reason": "Asked for by somebody else"}, f"Reason: {REASON}."),
        ({"ticket": "T-2"}, "Ticket: T-1."),
        ({"params": {**ACCOUNT, "ssn": "000000000"}}, "SSN: nothing."),
    ],
)
def test_other_values_are_told_what_was_sent(
    options: dict[str, Any], said: str, sandbox: SandboxProcess, otto: User
) -> None:
    first = {"params": {**ACCOUNT, "email": ""}, "ticket": "T-1"} if "email" in str(options) else {"ticket": "T-1"}
    operation = do(CREATE, otto, **{"params": ACCOUNT, "form_token": TOKEN, **first}).operation
    sentence = told(otto, **{"ticket": "T-1", **options})
    assert sentence.startswith("Nothing was sent now. This form was sent before, with other values: ")
    assert f"by otto at {operation.created_at:%Y-%m-%d %H:%M:%S} UTC (Succeeded)" in sentence
    assert said in sentence
    assert "Birch" not in sentence
    assert (creates(sandbox), len(accounts_at_stripe(sandbox))) == (1, 1)


def test_another_person_is_told_whose_form_it_was(sandbox: SandboxProcess, otto: User, ana: User) -> None:
    do(CREATE, otto, params=ACCOUNT, form_token=TOKEN)
    sentence = told(ana, params={**ACCOUNT, "business_name": "Birch Ltd"})
    assert "for something else: “Create test account” for Alder Ltd was sent by otto" in sentence
    assert "Business name: Alder Ltd" in sentence
    assert creates(sandbox) == 1


def test_what_was_sent_is_masked_for_those_who_may_not_see_it(sandbox: SandboxProcess, otto: User, ana: User) -> None:
    do(CREATE, ana, params={**ACCOUNT, "email": "m@alder.example", "ssn": "000000000"}, form_token=TOKEN)
    sentence = told(otto)
    assert "m@alder.example" not in sentence
    assert "000000000" not in sentence
    assert "Email: •••" in sentence
    assert "m@alder.example" in told(ana)


def test_without_the_permission_nothing_is_said_of_the_values(sandbox: SandboxProcess, otto: User) -> None:
    do(CREATE, otto, params=ACCOUNT, form_token=TOKEN)
    operation, nobody = Operation.objects.get(), person("nobody")
    sentence = sent_before.sentence(operation, [], nobody)
    assert "by otto" in sentence
    assert "What was sent then" not in sentence


def test_the_trail_tells_of_it_without_values(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(CREATE, otto, params=ACCOUNT, form_token=TOKEN).operation
    told(otto, params={**ACCOUNT, "business_name": "Birch Ltd"})
    row = AuditEntry.objects.get(action="operation.denied")
    assert row.detail["why"] == f"The form of operation {operation.pk} was sent again for other values (business_name)."


def test_a_value_that_is_never_kept_is_said_not_to_be_compared(sandbox: SandboxProcess, otto: User) -> None:
    do(CREATE, otto, params={**ACCOUNT, "ssn": "000000000"}, form_token=TOKEN)
    again = do(CREATE, otto, params={**ACCOUNT, "ssn": "111111111"}, form_token=TOKEN)
    assert again.again
    assert "SSN: such values are never kept" in sent_before.not_compared(again.operation)
    assert "Nothing was sent now" in sent_before.not_compared(again.operation)
    assert creates(sandbox) == 1


def test_a_plain_double_click_says_nothing_of_it(sandbox: SandboxProcess, otto: User) -> None:
    do(CREATE, otto, params=ACCOUNT, form_token=TOKEN)
    again = do(CREATE, otto, params=ACCOUNT, form_token=TOKEN)
    assert (again.again, sent_before.not_compared(again.operation)) == (True, "")


def test_a_form_of_another_account_is_told_which(sandbox: SandboxProcess, otto: User) -> None:
    first, second = account(sandbox, "Alder Ltd"), account(sandbox, "Birch Ltd")
    do(RENAME, otto, params={"name": "B"}, account_id=first, account_name="Alder Ltd", form_token=TOKEN)
    with pytest.raises(AlreadySent, match="“Rename account” for Alder Ltd was sent by otto"):
        do(RENAME, otto, params={"name": "B"}, account_id=second, form_token=TOKEN)


def post(browser: Client, token: str, **entries: str) -> Any:
    """The page of CREATE, posted."""
    data = {"country": "US", "reason": REASON, "ticket": "", "form_token": token, "for_account": "", **entries}
    return browser.post("/do/tests.create/", data)


def test_the_page_keeps_what_was_typed_and_can_send_it_anew(
    sandbox: SandboxProcess, otto: User, client: Client
) -> None:
    client.force_login(otto)
    token = fresh_token()
    post(client, token, business_name="Alder Ltd")
    answer = post(client, token, business_name="Birch Ltd", ssn="000000000")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Business name: Alder Ltd" in page
    assert 'value="Birch Ltd"' in page
    assert "Type again: SSN" in page
    assert f"/operations/{Operation.objects.get().pk}" in page
    assert creates(sandbox) == 1
    fresh = answer.context["form"]["form_token"].value()
    post(client, fresh, business_name="Birch Ltd")
    assert {data["business_profile"]["name"] for data in accounts_at_stripe(sandbox)} == {"Alder Ltd", "Birch Ltd"}

"""Operations of accounts that left, or that a new sandbox does not have, say so."""

import uuid

import pytest
from django.utils import timezone

from accounts.account.models import Account
from console.operations.models import Operation
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, person

pytestmark = pytest.mark.django_db
LEFT, ABSENT = "no longer connected to this platform", "not here any more"


def operation(account_id: str) -> str:
    token, state = uuid.uuid4().hex, Operation.State.SUCCEEDED
    fields = {"user": person("ana"), "key": token, "form_token": token, "state": state, "account_name": "Alder"}
    made = Operation.objects.create(verb="tests.gone", account_id=account_id, **fields)
    return browser("vera").get(f"/operations/{made.pk}").content.decode()


def test_the_operation_of_an_account_that_is_gone_says_so() -> None:
    known_accounts()
    assert LEFT not in operation(ACCOUNT)
    assert ABSENT not in operation(ACCOUNT)
    Account.objects.filter(pk=OTHER_ACCOUNT).update(gone_at=timezone.now())
    assert LEFT in operation(OTHER_ACCOUNT)
    assert ABSENT in operation("acct_1Nobody")
    assert ABSENT not in operation("")


def test_the_list_says_it_too() -> None:
    known_accounts()
    operation(ACCOUNT), operation("")
    assert "no longer here" not in browser("vera").get("/console/operation/").content.decode()
    operation("acct_1Nobody")
    assert browser("vera").get("/console/operation/").content.decode().count("no longer here") == 1

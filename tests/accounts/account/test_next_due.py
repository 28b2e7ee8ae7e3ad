"""Lists of accounts by their next deadline: those with one until then, and all with one that has passed."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from accounts.account.models import PASSED, Account
from gateway import clock
from tests.accounts import builders
from tests.accounts.builders import requirements
from tests.people import browser

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture(autouse=True)
def accounts() -> None:
    """One that is overdue, two that are due, and one of which nothing is asked."""
    now = clock.timestamp()
    asked = {"currently_due": ["company.phone"]}
    builders.account("acct_Late", requirements=requirements(**asked, past_due=["company.phone"]))
    builders.account("acct_Soon", requirements=requirements(**asked, current_deadline=now + 3 * DAY))
    builders.account("acct_Later", requirements=requirements(**asked, current_deadline=now + 20 * DAY))
    builders.account("acct_Never")


def found(due: str) -> set[str]:
    page = browser("ana").get("/accounts/account/", {"due": due}).content.decode()
    return {
        account_id for account_id in Account.objects.values_list("pk", flat=True) if f'value="{account_id}"' in page
    }


@pytest.mark.parametrize(
    ("due", "ids"),
    [
        ("over", {"acct_Late"}),
        ("1", {"acct_Late"}),
        ("7", {"acct_Late", "acct_Soon"}),
        ("30", {"acct_Late", "acct_Soon", "acct_Later"}),
    ],
)
def test_the_list_by_deadline(due: str, ids: set[str]) -> None:
    assert found(due) == ids


def test_an_account_that_left_has_no_deadline() -> None:
    Account.every.filter(pk="acct_Soon").update(gone_at=clock.now())
    assert found("7") == {"acct_Late"}


def test_a_deadline_that_is_met_is_none_any_more() -> None:
    Account.every.all().delete()
    assert builders.account("acct_Soon").next_due is None


def test_deadlines_of_an_older_release_are_taken_over() -> None:
    before = dict(Account.every.values_list("pk", "next_due"))
    Account.every.update(next_due=None)
    for _ in range(2):
        import_module("accounts.migrations.0012_next_due").fill(apps, SimpleNamespace(connection=connection))
    assert dict(Account.every.values_list("pk", "next_due")) == before
    assert before["acct_Late"] == PASSED
    assert before["acct_Soon"] is not None
    assert before["acct_Soon"] - clock.now() > timedelta(days=2)

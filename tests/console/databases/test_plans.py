"""What the tests of indexes ask PostgreSQL."""

import pytest
from django.db import connection

from accounts.account.models import Account
from accounts.persons.models import Person
from tests import plans
from tests.accounts import builders

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
]


@pytest.fixture(autouse=True)
def rows() -> None:
    for number in range(50):
        builders.account(f"acct_{number}", business_profile={"name": "Fox"})
    plans.analyze()


def test_a_query_by_an_index_reads_what_it_shows() -> None:
    found = plans.plans_of(lambda: Account.objects.get(pk="acct_7"))
    assert (found[0].nodes[-1].kind, found[0].nodes[-1].relation) == ("Index Scan", "accounts_account")
    assert (found[0].scanned, found[0].reads, found[0].removed, found[0].sorts) == (set(), 1, 0, 0)


def test_what_no_index_serves_is_a_scan_of_the_table() -> None:
    Person.objects.bulk_create(Person(id=f"person_{n}", account_id="acct_1", data={}) for n in range(50))
    with connection.cursor() as cursor:  # else, by what earlier tests left, it walks an index that has every row
        cursor.execute("SET LOCAL enable_indexscan = off")
    found = plans.plans_of(lambda: list(Person.objects.filter(livemode=True).order_by("as_of")))
    assert found[0].scanned == {"accounts_person"} <= plans.mirrors()
    assert found[0].removed == 50


def test_rows_that_are_put_in_order_are_counted() -> None:
    found = plans.plans_of(lambda: list(Account.objects.order_by("email")[:5]))
    assert found[0].sorts == found[0].reads == 50


def test_plans_leave_everything_as_it_was() -> None:
    statement = "DELETE FROM accounts_account"
    assert plans.plans([statement, "SELECT 1", "SELECT 1"]) == plans.plans(["SELECT 1"])
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone() == ("on",)

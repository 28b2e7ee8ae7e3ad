"""Accounts are locked before all else and all at once, so that no two processes wait for each other."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from gateway import absorbing, mirror
from gateway.absorbing import Page
from issuing.balances.models import Balance

pytestmark = pytest.mark.django_db
AT = 1_800_000_000


def account(number: int) -> dict[str, Any]:
    return {"id": f"acct_{number}", "object": "account", "created": AT - 100}


def capability(number: int) -> dict[str, Any]:
    named = {"id": "card_issuing", "object": "capability", "account": f"acct_{number}", "created": AT - 90}
    return {**named, "status": "active", "requested": True}


def locks(model: type[mirror.Mirror], queries: CaptureQueriesContext) -> list[str]:
    """The statements that lock rows of a kind."""
    table = f'FROM "{model._meta.db_table}"'
    return [each["sql"] for each in queries.captured_queries if "FOR UPDATE" in each["sql"] and table in each["sql"]]


@pytest.mark.postgres
def test_the_accounts_of_all_rows_are_locked_at_once_and_first() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    absorbing.absorb([Page(None, [account(1), account(2), account(3)], AT)])
    rows = [(Account, "acct_3", "acct_3"), (Balance, "acct_1.balance", "acct_1"), (Capability, "c", "acct_2")]
    with CaptureQueriesContext(connection) as queries:
        mirror.lock_accounts(rows)
    assert len(locks(Account, queries)) == 1
    assert [f"acct_{number}" in locks(Account, queries)[0] for number in (1, 2, 3)] == [False, True, True]


def test_what_accounts_keep_something_of_locks_them_before_anything_of_its_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, list[str]]] = []
    locked = mirror.locked

    def noting(model: Any, wanted: dict[str, str | None]) -> Any:
        seen.append((model.stripe_object, sorted(wanted)))
        return locked(model, wanted)

    monkeypatch.setattr(mirror, "locked", noting)
    absorbing.absorb([Page("acct_9", [capability(9)], AT), Page(None, [account(1), account(2)], AT)])
    assert next(each for each in seen if each[1]) == ("account", ["acct_9"])
    assert sorted(Account.every.values_list("pk", flat=True)) == ["acct_1", "acct_2", "acct_9"]
    assert Capability.objects.get().account_id == "acct_9"


def test_a_kind_of_which_accounts_keep_nothing_locks_none() -> None:
    with CaptureQueriesContext(connection) as queries:
        mirror.lock_accounts([(Account, "acct_1", "acct_1"), (Balance, "acct_1.balance", "acct_1")])
    assert len(queries) == 0

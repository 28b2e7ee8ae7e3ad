"""Pages of many lists, absorbed together: what it costs, and that each object still goes by the rules of order."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.history.models import FIRST_READ, StateChange
from accounts.persons.models import Person
from accounts.terms.models import Acceptance
from gateway import absorbing, clock, inserting, mirror, order
from gateway.absorbing import Object, Page
from gateway.metadata import Metadata

pytestmark = pytest.mark.django_db
AT = 1_800_000_000
LATER = AT + order.DOUBT + 1


def account(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"acct_{number}", "object": "account", "created": AT - 100} | more


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"person_{number}", "object": "person", "created": AT - 50, "first_name": "Ada"} | more


def lists_of_two(many: int, first: int = 0) -> list[Page]:
    """So many lists of two persons, each of another account."""
    numbers = range(first, first + many)
    return [Page(f"acct_{n}", [person(2 * n), person(2 * n + 1)], AT) for n in numbers]


def statements(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


def test_fifty_lists_cost_as_many_statements_as_one() -> None:
    absorbing.absorb([Page(None, [account(n) for n in range(60)], AT)])
    one = statements(lambda: absorbing.absorb(lists_of_two(1)))
    assert statements(lambda: absorbing.absorb(lists_of_two(50, first=1))) == one
    again = statements(lambda: absorbing.absorb(lists_of_two(1)))
    assert statements(lambda: absorbing.absorb(lists_of_two(50, first=1))) == again
    assert Person.objects.count() == 102


def test_what_differs_in_fifty_lists_is_written_and_told_in_as_many_statements_as_one() -> None:
    signed = {"tos_acceptance": {"date": AT - 10, "ip": "203.0.113.1", "user_agent": None}}
    absorbing.absorb([Page(None, [account(n) for n in range(51)], AT)])

    def changed(*numbers: int) -> list[Page]:
        due = {"requirements": {"currently_due": ["a"]}, "country": "US", "metadata": {"order": "7"}}
        return [Page(None, [account(n, **signed, **due)], LATER) for n in numbers]

    one = statements(lambda: absorbing.absorb(changed(0)))
    most = 2 * one  # SQLite takes less than a thousand values at once
    assert statements(lambda: absorbing.absorb(changed(*range(1, 51)))) <= most
    assert StateChange.objects.filter(field="country").count() == 51
    assert Acceptance.objects.filter(kind="accepted").count() == 51
    assert Metadata.objects.count() == 51


def test_many_new_accounts_are_one_line_each_in_history_and_what_they_had_is_none() -> None:
    outcome = absorbing.absorb([Page(None, [account(1), account(2)], AT)])
    assert (outcome.objects, outcome.differences) == (2, 2)
    absorbing.absorb([Page("acct_1", [person(1)], AT), Page("acct_2", [person(2, created=AT + 5)], AT + 9)])
    told = StateChange.objects.order_by("subject").values_list("subject", "field", "source")
    assert list(told) == [
        ("acct_1", FIRST_READ, "sync"),
        ("acct_2", FIRST_READ, "sync"),
        ("person_2", "object", "sync"),
    ]


def test_rows_that_stay_move_on_by_one_statement_that_writes_no_data() -> None:
    absorbing.absorb(lists_of_two(2))
    with CaptureQueriesContext(connection) as queries:
        outcome = absorbing.absorb([page._replace(sent_at=LATER) for page in lists_of_two(2)])
    assert outcome.differences == 0
    written = [query["sql"] for query in queries if query["sql"].startswith(("UPDATE", "INSERT"))]
    assert len(written) == 1
    assert "first_name" not in written[0]
    assert set(Person.objects.values_list("as_of", "revision")) == {(LATER, 2)}


def test_a_column_that_is_filled_otherwise_by_now_is_written_though_the_data_stay() -> None:
    absorbing.absorb(lists_of_two(1))
    Person.every.update(name="as an older release filled it")
    absorbing.absorb([page._replace(sent_at=LATER) for page in lists_of_two(1)])
    assert set(Person.objects.values_list("name", flat=True)) == {"Ada"}


def test_what_was_written_this_minute_is_left_open() -> None:
    absorbing.absorb(lists_of_two(1))
    outcome = absorbing.absorb(
        [Page("acct_9", [], AT), Page("acct_0", [person(0, first_name="Eve"), person(1)], AT + 1)]
    )
    assert outcome.unclear == [Object(1, "person", "person_0", "acct_0")]
    assert Person.objects.get(pk="person_0").data["first_name"] == "Ada"


def test_what_another_process_writes_meanwhile_goes_by_the_rules_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    insert = inserting.insert

    def overtaken(model: Any, rows: list[Any]) -> list[str]:
        monkeypatch.setattr(inserting, "insert", insert)
        absorbing.absorb([Page("acct_0", [person(0, first_name="Grace")], AT)])
        return insert(model, rows)

    monkeypatch.setattr(inserting, "insert", overtaken)
    outcome = absorbing.absorb(lists_of_two(1))
    assert [each.row_id for each in outcome.unclear] == ["person_0"]
    assert outcome.differences == 1
    assert Person.objects.get(pk="person_0").data["first_name"] == "Grace"


def test_a_new_row_has_its_metadata_and_its_columns() -> None:
    absorbing.absorb([Page("acct_0", [person(0, metadata={"order": "4711"})], AT)])
    row = Person.objects.get()
    assert (row.name, row.created, row.as_of, row.revision) == ("Ada", clock.from_unix(AT - 50), AT, 1)
    assert Metadata.objects.named("4711").get().object_id == "person_0"


def test_an_object_of_no_account_or_of_another_one_is_written_nowhere() -> None:
    with pytest.raises(mirror.Misplaced, match="of no connected account"):
        absorbing.absorb([Page(None, [account(1), person(1)], AT)])
    assert not Person.every.exists()
    absorbing.absorb(lists_of_two(1))
    with pytest.raises(mirror.Misplaced, match="belongs to acct_0"):
        absorbing.absorb([Page("acct_1", [person(0)], AT)])

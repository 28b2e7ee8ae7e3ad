"""Where walks stand: a cursor moves over a page when all that it led to is done, and no sooner."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.account.models import Account
from accounts.persons.models import Person
from gateway.models import SyncCursor
from gateway.walks import Cursors, Step, Walk

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 11, 20, tzinfo=UTC)
PATHS = (("/v1/accounts", None),)


@pytest.fixture
def cursors() -> Cursors:
    return Cursors(["account", "person"], BEGAN, "")


def rows() -> list[tuple[Any, ...]]:
    found = SyncCursor.objects.order_by("noun", "account")
    return [(row.noun, row.account, row.after, row.finished_at is not None) for row in found]


def page(walk: Walk, name: str, *, more: bool = True) -> Step:
    return walk.turn([{"id": name}], more=more)


def test_a_cursor_passes_pages_in_their_order_alone(cursors: Cursors) -> None:
    walk = Walk(Account, None, PATHS)
    first, second, last = page(walk, "acct_3"), page(walk, "acct_2"), page(walk, "acct_1", more=False)
    assert cursors.settle(second) == []
    cursors.save()
    assert rows() == []
    assert cursors.settle(first) == []
    cursors.save()
    assert rows() == [("account", "", "0:acct_2", False)]
    assert cursors.settle(last) == [walk]
    cursors.save()
    assert rows() == [("account", "", "", True)]


def test_a_page_waits_for_the_lists_that_it_led_to_and_then_they_need_no_row(
    cursors: Cursors, django_assert_num_queries: Any
) -> None:
    parent = Walk(Account, None, PATHS)
    step = page(parent, "acct_1")
    step.accounts, step.left = ["acct_1", "acct_2"], 3
    children = [Walk(Person, account, PATHS, step) for account in step.accounts]
    assert cursors.settle(step) == []
    assert cursors.settle(page(children[0], "person_1", more=False)) == [children[0]]
    page(children[1], "person_2")
    cursors.save()
    assert rows() == [("person", "acct_1", "", True)]
    assert set(cursors.known(["acct_1", "acct_2"])) == {("person", "acct_1")}
    assert cursors.settle(children[1].steps[0]) == []
    assert cursors.settle(page(children[1], "person_3", more=False)) == [children[1]]
    with django_assert_num_queries(2):
        cursors.save()
    assert rows() == [("account", "", "0:acct_1", False)]


def test_a_walk_goes_on_where_its_cursor_stands(cursors: Cursors) -> None:
    walk = Walk(Person, "acct_1", (*PATHS, *PATHS))
    page(walk, "person_9", more=False)
    assert (walk.number, walk.after, walk.ended) == (1, "", False)
    cursors.settle(page(walk, "person_5"))
    cursors.settle(walk.steps[0])
    cursors.save()
    again = Walk(Person, "acct_1", walk.paths)
    again.resume(cursors.known(["acct_1"])["person", "acct_1"])
    assert (again.number, again.after, again.whole) == (1, "person_5", False)


def test_cursors_of_an_earlier_run_and_of_another_kind_are_not_ours(cursors: Cursors) -> None:
    for noun, began in (("account", BEGAN.replace(day=19)), ("drift.account", BEGAN)):
        SyncCursor.objects.create(noun=noun, after="0:acct_1", started_at=began)
    assert cursors.known([""]) == {}
    cursors.forget()
    assert len(rows()) == 2


def test_a_walk_has_ended_when_all_of_its_pages_are_absorbed() -> None:
    walk = Walk(Account, None, PATHS)
    steps = page(walk, "acct_2"), page(walk, "acct_1", more=False)
    steps[1].absorbed = True
    assert not walk.ended
    steps[0].absorbed = True
    assert walk.ended


def test_a_list_that_is_walked_twice_at_once_is_one_row(cursors: Cursors) -> None:
    parent = Walk(Account, None, PATHS)
    first, again = (Walk(Person, "acct_1", PATHS, page(parent, name)) for name in ("acct_2", "acct_1"))
    cursors.settle(page(first, "person_1"))
    cursors.settle(page(again, "person_2"))
    cursors.save()
    assert rows() == [("person", "acct_1", "0:person_2", False)]

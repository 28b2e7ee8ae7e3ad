"""What became due and what was met, from events in any order, and from reading."""

from itertools import permutations

import pytest

from accounts.account.models import Account
from accounts.history.models import Requirement, StateChange
from tests.accounts import builders
from tests.accounts.acting import ACCOUNT, event
from tests.accounts.builders import requirements

pytestmark = pytest.mark.django_db
LIFE = (
    event(1, builders.account_data(requirements=requirements(currently_due=["a", "b"], current_deadline=1_790_000_900)),
          {"requirements": {"currently_due": [], "current_deadline": None}}),
    event(2, builders.account_data(requirements=requirements(currently_due=["b"], past_due=["b"])),
          {"requirements": {"currently_due": ["a", "b"], "past_due": [], "current_deadline": 1_790_000_900}}),
    event(3, builders.account_data(charges_enabled=True),
          {"requirements": {"currently_due": ["b"], "past_due": ["b"]}, "charges_enabled": False}),
)  # fmt: skip


def told(list_name: str = "currently_due") -> list[tuple[str, str, str]]:
    """(event, key, became) of one list, oldest first."""
    rows = Requirement.objects.filter(list=list_name).order_by("at", "key")
    return [(row.source_id, row.key, row.became) for row in rows]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_any_order_of_arrival_writes_the_same_history(order: tuple[int, ...]) -> None:
    for number in order:
        Account.witness(LIFE[number])
    assert told() == [("evt_1", "a", "due"), ("evt_1", "b", "due"), ("evt_2", "a", "met"), ("evt_3", "b", "met")]
    assert told("past_due") == [("evt_2", "b", "due"), ("evt_3", "b", "met")]


def test_the_same_event_twice_writes_once() -> None:
    for _ in range(3):
        Account.witness(LIFE[0])
    assert Requirement.objects.count() == 2
    assert StateChange.objects.count() == 1


def test_past_due_remembers_the_deadline_that_passed() -> None:
    late = event(950, builders.account_data(requirements=requirements(past_due=["b"], current_deadline=1_799_000_000)),
                 {"requirements": {"past_due": [], "current_deadline": 1_790_000_900}})  # fmt: skip
    Account.witness(late)
    assert Requirement.objects.passed_deadlines([ACCOUNT]) == {(ACCOUNT, "b"): 1_790_000_900}


def test_a_deadline_moved_up_to_now_passed_now() -> None:
    Account.witness(LIFE[1])
    assert Requirement.objects.passed_deadlines([ACCOUNT]) == {(ACCOUNT, "b"): 1_790_000_002}


def test_clearing_of_the_issuing_terms_is_seen() -> None:
    data = builders.account_data(settings={"card_issuing": {"tos_acceptance": {"date": None, "ip": None}}})
    Account.witness(event(8, data, {"settings": {"card_issuing": {"tos_acceptance": {"date": 5}}}}))
    change = StateChange.objects.get()
    assert (change.field, change.before, change.after) == ("settings.card_issuing.tos_acceptance.date", 5, None)


def test_an_accounts_first_event_tells_all_that_it_begins_with() -> None:
    data = builders.account_data(created=1_790_000_004, requirements=requirements(currently_due=["a"]))
    Account.witness(event(4, data, {}))
    assert told() == [("evt_4", "a", "due")]


def test_an_error_is_told_once_with_its_reason() -> None:
    error = {"code": "invalid_tax_id", "reason": "Wrong.", "requirement": "company.tax_id"}
    data = builders.account_data(requirements=requirements(errors=[error]))
    Account.witness(event(5, data, {"requirements": {"errors": []}}))
    Account.witness(event(6, data, {"email": "x"}))
    row = Requirement.objects.get(list="errors")
    assert (row.source_id, row.code, row.reason) == ("evt_5", "invalid_tax_id", "Wrong.")


def test_what_a_reading_found_gives_way_to_the_event_that_tells_it() -> None:
    row = builders.account(requirements=requirements(currently_due=["a"]))
    row.as_of, row.revision = 1_790_000_060, 4
    Account.witness_difference(builders.account_data(), row.data, row=row)
    assert told() == [(f"sync:{row.pk}:4", "a", "due")]
    Account.witness(event(50, row.data, {"requirements": {"currently_due": []}}))
    assert told() == [("evt_50", "a", "due")]


def test_hostile_shapes_tell_nothing_and_break_nothing() -> None:
    odd = builders.account_data(requirements={"currently_due": [None, {"a": 1}, 7], "errors": ["x", {"code": "y"}]})
    Account.witness(event(9, odd, {"requirements": {"currently_due": None, "errors": None}}))
    assert not Requirement.objects.exists()

"""What events need of Stripe is read many at once, and written together: calls and statements counted."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.account.models import Account
from gateway import inbox, reading, strangers
from gateway.errors import Refused, Unreachable
from gateway.models import Event
from tests.gateway.deliveries import made_up, receive, state
from tests.gateway.scripted import Answer, Scripted, good

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fresh_inbox")]
Start = Callable[..., Scripted]


def named(number: int) -> str:
    return f"acct_1New{number:03d}"


def account_data(own: str, **more: Any) -> dict[str, Any]:
    return {"id": own, "object": "account", "created": 1, "metadata": {"turn": "9"}, **more}


class Platform:
    """Answers reads of accounts, those `listed` in a list, and counts how many it is asked for at once."""

    def __init__(self, listed: list[str] | None = None, strange: frozenset[str] = frozenset()) -> None:
        self.listed, self.strange = listed or [], strange
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, method: str, path: str) -> Answer:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        own = path.removeprefix("/v1/accounts").lstrip("/")
        if own.startswith("acct_"):
            if own in self.strange:
                return good(b'{"error": {"message": "No such account", "type": "invalid_request_error"}}', status=404)
            return good(json.dumps(account_data(own)).encode())
        page = {"object": "list", "data": [account_data(each) for each in self.listed], "has_more": False}
        return good(json.dumps(page).encode())


def tell_of(*accounts: str, turn: str = "9", **more: Any) -> list[str]:
    """One event of each account; the ids."""
    told = [made_up("account.updated", account_data(own, metadata={"turn": turn}), own, **more) for own in accounts]
    return receive(*told)


def asked(server: Scripted) -> list[str]:
    return [path for _, path, _, _ in server.requests]


# Accounts that the mirror lacks


def test_unknown_accounts_are_found_in_one_page_of_the_list_and_the_rest_is_read_at_once(scripted: Start) -> None:
    accounts = [named(number) for number in range(30)]
    server = scripted(platform := Platform(listed=accounts[:24]))
    tell_of(*accounts)
    assert inbox.drain() == 30
    assert sorted(asked(server)) == sorted(
        ["/v1/accounts?limit=100", *(f"/v1/accounts/{own}" for own in accounts[24:])]
    )
    assert 2 <= platform.most <= 4  # half of the threads of a process may wait for Stripe
    assert Account.objects.count() == 30


def test_a_few_unknown_accounts_are_not_looked_for_in_a_list(scripted: Start) -> None:
    server = scripted(Platform())
    tell_of(*(named(number) for number in range(strangers.LISTED - 1)))
    inbox.drain()
    assert not [path for path in asked(server) if "limit" in path]


def test_a_list_that_cannot_be_read_costs_no_account(scripted: Start) -> None:
    platform = Platform()

    def answer(method: str, path: str) -> Answer:
        return good(b"{}", status=500) if "limit" in path else platform(method, path)

    scripted(answer)
    tell_of(*(named(number) for number in range(12)))
    assert inbox.drain() == 12


def test_each_unknown_account_is_judged_by_itself(scripted: Start) -> None:
    accounts = [named(number) for number in range(14)]
    platform = Platform(strange=frozenset({named(3)}))

    def answer(method: str, path: str) -> Answer:
        return good(b"{}", status=500) if path.endswith(named(5)) else platform(method, path)

    scripted(answer)
    ids = tell_of(*accounts)
    assert inbox.drain() == 12
    assert [state(ids[3]), state(ids[5])] == ["quarantined", "waiting"]
    assert Event.objects.get(pk=ids[5]).failures == 1
    assert not Account.every.filter(pk=named(3)).exists()


ODD = "acct_1New 00x"  # no path of Stripe's API: asking for it raises


@pytest.mark.parametrize("place", [0, 3, 6])
def test_an_unknown_account_that_cannot_be_asked_for_harms_no_other(scripted: Start, place: int) -> None:
    scripted(Platform())
    accounts = [named(number) for number in range(6)]
    accounts.insert(place, ODD)
    ids = tell_of(*accounts)
    assert inbox.drain() == 6
    odd = Event.objects.get(pk=ids[place])
    assert (odd.state, odd.error) == ("waiting", f"ValueError: not a path of Stripe's API: '/v1/accounts/{ODD}'")
    assert odd.next_try_at
    assert odd.claimed_until is None
    Event.objects.filter(pk=odd.pk).update(attempts=5, next_try_at=None)
    inbox.drain()
    assert state(odd.pk) == "dead"


def test_what_the_reading_shows_is_not_asked_again_for_the_accounts_own_events(scripted: Start) -> None:
    server = scripted(Platform())
    tell_of(named(1), named(2), turn="3", created=int(time.time()) - 600)
    assert inbox.drain() == 2
    assert sorted(asked(server)) == [f"/v1/accounts/{named(1)}", f"/v1/accounts/{named(2)}"]
    assert {row.data["metadata"]["turn"] for row in Account.objects.all()} == {"9"}


def test_an_account_that_was_written_while_it_was_read_is_read_again(scripted: Start) -> None:
    def answer(method: str, path: str) -> Answer:
        if len(server.requests) == 1:
            Account.every.create(
                id=named(1), account_id=named(1), data={"id": named(1), "metadata": {}}, as_of=1, revision=5
            )
            connection.close()
        return good(json.dumps(account_data(named(1))).encode())

    server = scripted(answer)
    tell_of(named(1), turn="3", created=1000)
    assert inbox.drain() == 1
    assert Account.objects.get().data["metadata"]["turn"] == "9"
    assert len(server.requests) == 3  # the race, its answer, and the event, which is older than both


# Objects of which only Stripe can tell


def known(number: int) -> list[str]:
    """Accounts that the mirror has as they were just now."""
    accounts = [named(each) for each in range(number)]
    for own in accounts:
        Account.every.create(
            id=own, account_id=own, data=account_data(own, metadata={"turn": "5"}), as_of=2000, revision=7
        )
    return accounts


def test_late_events_have_their_objects_read_at_once_and_written_together(scripted: Start) -> None:
    costs = []
    for number in (3, 40):
        Account.every.all().delete()
        accounts = known(number)
        server = scripted(platform := Platform())
        tell_of(*accounts, turn="4", created=1000)
        tell_of(*accounts, turn="3", created=900)
        with CaptureQueriesContext(connection) as queries:
            assert inbox.drain(limit=2 * number) == 2 * number
        assert len(server.requests) == number
        assert 2 <= platform.most <= 4
        assert {row.data["metadata"]["turn"] for row in Account.objects.all()} == {"9"}
        costs.append(len(queries))
    assert max(costs) <= 40


def test_a_late_object_that_cannot_be_read_harms_no_other(scripted: Start) -> None:
    accounts = known(4)
    platform = Platform()

    def answer(method: str, path: str) -> Answer:
        return good(b"{}", status=500) if path.endswith(accounts[2]) else platform(method, path)

    scripted(answer)
    ids = tell_of(*accounts, turn="4", created=1000)
    assert inbox.drain() == 3
    assert [state(each) for each in ids] == ["done", "done", "waiting", "done"]


def test_a_late_object_that_cannot_be_asked_for_harms_no_other(scripted: Start) -> None:
    accounts = [*known(3), ODD]
    Account.every.create(id=ODD, account_id=ODD, data={}, as_of=2000)
    scripted(Platform())
    ids = tell_of(*accounts, turn="4", created=1000)
    assert inbox.drain() == 3
    assert [state(each) for each in ids] == ["done", "done", "done", "waiting"]
    assert Event.objects.get(pk=ids[3]).error.startswith("ValueError")


def test_a_late_object_that_is_gone_is_gone(scripted: Start) -> None:
    accounts = known(2)
    scripted(Platform(strange=frozenset({accounts[0]})))
    tell_of(*accounts, turn="4", created=1000)
    assert inbox.drain() == 2
    assert [Account.objects.get(pk=own).gone for own in accounts] == [True, False]


# Calls at once


def test_answers_come_in_the_order_of_the_calls_and_failures_stay_their_own() -> None:
    def call(number: int) -> int:
        if number == 2:
            raise Refused("no", status=400)
        if number == 5:
            raise Unreachable("later")
        return number

    found = reading.at_once([lambda number=number: call(number) for number in range(8)])  # type: ignore[misc]
    assert [str(each) for each in found] == ["0", "1", "no", "3", "4", "later", "6", "7"]


def test_what_is_not_begun_in_time_is_not_asked() -> None:
    asked: list[int] = []
    found = reading.at_once([lambda: asked.append(1)] * 6, end=0)
    assert [type(each) for each in found] == [reading.NotAsked] * 6
    assert not asked


def test_a_fault_of_ours_is_raised() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reading.at_once([broken, broken])


def test_in_a_transaction_one_call_follows_the_other() -> None:
    threads: set[int] = set()
    with transaction.atomic():
        reading.at_once([lambda: threads.add(threading.get_ident())] * 5)
    assert threads == {threading.get_ident()}


# The history of a batch


def test_history_of_many_events_costs_what_that_of_a_few_does(scripted: Start) -> None:
    costs = []
    for number in (2, 50):
        Account.every.all().delete()
        accounts = known(number)
        scripted(Platform())
        told = [
            made_up(
                "account.updated",
                account_data(own, requirements={"currently_due": ["a"]}, charges_enabled=True),
                own,
                created=3000,
            )
            for own in accounts
        ]
        for event in told:
            event["data"]["previous_attributes"] = {"requirements": {"currently_due": []}, "charges_enabled": False}
        receive(*told)
        with CaptureQueriesContext(connection) as queries:
            assert inbox.drain(limit=number) == number
        costs.append(len(queries))
    assert max(costs) <= 21

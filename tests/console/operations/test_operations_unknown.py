"""When Stripe does not answer. What runs in the worker is called here, with its time passed in."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from console.operations import door, outcome
from console.operations.models import Operation
from console.people.models import User
from gateway import budget, clock, sweep
from gateway.errors import NOT_SENT, Refused, Unreachable
from tests.console.acting import (
    ACCOUNT,
    CREATE,
    accounts_at_stripe,
    creates,
    do,
    event_of,
    failing,
    faults,
    person,
    settle,
    told,
    verb_that,
)
from tests.sandbox_process import SandboxProcess
from tests.stack import wait_until

pytestmark = pytest.mark.usefixtures("acting_verbs")

State = Operation.State
LATER = timedelta(minutes=5)


# Stripe is busy, or not there: nothing happened


def test_a_429_waits_as_stripe_says_and_then_succeeds(sandbox: SandboxProcess, otto: User) -> None:
    faults(sandbox, "429")
    operation = do(CREATE, otto, params=ACCOUNT).operation
    assert operation.state == State.INTENT
    assert operation.next_try_at is not None
    assert operation.next_try_at > timezone.now()
    assert operation.tries[0]["status"] == 429
    door.settle(str(operation.pk))
    assert creates(sandbox) == 1
    assert settle(operation, LATER).state == State.SUCCEEDED
    assert (operation.attempts, len(accounts_at_stripe(sandbox))) == (2, 1)


def test_retry_after_is_honoured(otto: User) -> None:
    operation = do(failing(Unreachable("busy", status=429, retry_after=30)), otto).operation
    assert operation.next_try_at is not None
    assert 29 < (operation.next_try_at - timezone.now()).total_seconds() <= 30


def test_after_five_429s_it_is_parked_for_a_person(sandbox: SandboxProcess, otto: User) -> None:
    faults(sandbox, *["429"] * 6)
    operation = do(CREATE, otto, params=ACCOUNT).operation
    for _ in range(6):
        settle(operation, LATER)
    assert (operation.state, operation.attempts, operation.next_try_at) == (State.INTENT, 5, None)
    assert door.needs_a_person(operation)
    assert told(operation)[-1] == "operation.parked"
    assert accounts_at_stripe(sandbox) == []


def test_after_a_minute_of_429s_it_is_parked(otto: User) -> None:
    operation = do(failing(Unreachable("busy", status=429, retry_after=59)), otto).operation
    assert operation.next_try_at is not None
    Operation.objects.update(tries=[{**operation.tries[0], "at": (timezone.now() - timedelta(seconds=30)).isoformat()}])
    assert settle(operation, LATER).next_try_at is None
    assert (operation.state, operation.attempts) == (State.INTENT, 2)


def test_what_never_left_is_tried_again_with_its_own_key(sandbox: SandboxProcess, otto: User, settings: Any) -> None:
    there, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:1"
    operation = do(CREATE, otto, params=ACCOUNT).operation
    assert (operation.state, operation.tries[0]["sent"]) == (State.INTENT, False)
    settings.STRIPE_API_BASE = there
    assert settle(operation, LATER).state == State.SUCCEEDED


# Not known


# What Stripe's trouble is → how it ends, by what, with how many accounts at Stripe.
TROUBLE = [
    ("500", State.SUCCEEDED, "key", 1),
    ("503", State.SUCCEEDED, "key", 1),
    ("409", State.SUCCEEDED, "key", 1),
    ("500_after", State.SUCCEEDED, "key", 1),
    ("500_replayed", State.SUCCEEDED, "find", 1),
    ("500_replayed_undone", State.NOT_FOUND, "find", 0),
    ("reset_before", State.SUCCEEDED, "key", 1),
    ("reset_after", State.SUCCEEDED, "key", 1),
]


@pytest.mark.parametrize(("fault", "state", "by", "number"), TROUBLE)
def test_trouble_never_makes_two(
    fault: str, state: str, by: str, number: int, sandbox: SandboxProcess, otto: User
) -> None:
    faults(sandbox, fault)
    operation = do(CREATE, otto, params=ACCOUNT).operation
    assert (operation.state, told(operation)) == (State.UNKNOWN, ["operation.intended", "operation.unknown"])
    while operation.state == State.UNKNOWN:
        settle(operation, LATER)
    assert (operation.state, operation.settled_by) == (state, by)
    assert [each["id"] for each in accounts_at_stripe(sandbox)] == [operation.object_id] * number
    assert creates(sandbox) <= 2


def test_what_was_not_found_is_never_made_by_itself(sandbox: SandboxProcess, otto: User) -> None:
    faults(sandbox, "500_replayed_undone")
    operation = do(CREATE, otto, params=ACCOUNT).operation
    while operation.state == State.UNKNOWN:
        settle(operation, LATER)
    for days in range(3):
        assert settle(operation, timedelta(days=days)).state == State.NOT_FOUND
    assert (door.needs_a_person(operation), accounts_at_stripe(sandbox)) == (True, [])


def test_a_slow_answer_frees_the_person_and_the_worker_goes_on(sandbox: Any, otto: User, settings: Any) -> None:
    settings.STRIPE_TIMEOUT = 1.0
    faults(sandbox, "slow_after:2")
    operation = do(CREATE, otto, params=ACCOUNT).operation
    assert (operation.state, operation.claimed_by) == (State.UNKNOWN, sweep.QUEUED)
    settings.STRIPE_TIMEOUT = 10.0
    wait_until(lambda: creates(sandbox), 10, "the slow call ends")
    assert (settle(operation).state, operation.settled_by) == (State.SUCCEEDED, "key")
    assert len(accounts_at_stripe(sandbox)) == 1


def test_a_refusal_by_the_same_key_is_a_refusal(otto: User, sandbox: SandboxProcess) -> None:
    faults(sandbox, "reset_before")
    operation = do(CREATE, otto, params={**ACCOUNT, "country": "XX"}).operation
    assert operation.state == State.UNKNOWN
    assert (settle(operation).state, operation.settled_by) == (State.REFUSED, "key")


def test_a_key_that_is_not_taken_leaves_an_earlier_try_in_doubt(
    sandbox: SandboxProcess, otto: User, settings: Any
) -> None:
    faults(sandbox, "reset_after")
    operation = do(CREATE, otto, params=ACCOUNT).operation
    ours, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "sk_rolled"
    settle(operation)
    assert (operation.state, operation.tries[-1]["status"], operation.error_code) == (State.UNKNOWN, 401, "")
    assert operation.next_try_at is not None
    assert outcome._state(operation, person("vera"))["sentence"] == outcome.ANSWERED_SINCE
    settings.STRIPE_SECRET_KEY = ours
    assert (settle(operation, LATER).state, operation.settled_by) == (State.SUCCEEDED, "key")
    assert len(accounts_at_stripe(sandbox)) == 1


def second_answer(refused: Refused, **fields: Any) -> Operation:
    """An operation whose first try is in doubt, and whose second one ends in this."""
    otto = User.objects.get(username="otto")
    operation = do(failing(Unreachable("reset"), **fields), otto).operation
    failing(refused, **fields)
    return settle(operation, LATER)


@pytest.mark.parametrize("status", [400, 402, 404])
def test_what_stripe_says_of_the_request_itself_ends_its_doubt(status: int, otto: User) -> None:
    assert second_answer(Refused("No.", status=status)).state == State.REFUSED


@pytest.mark.parametrize("status", [401, 403, 405])
def test_what_stands_before_the_key_ends_no_doubt(status: int, otto: User) -> None:
    operation = second_answer(Refused("No.", status=status))
    assert (operation.state, operation.tries[-1]["message"]) == (State.UNKNOWN, "No.")
    assert operation.next_try_at is not None
    door.on_events([event_of(operation)])
    operation.refresh_from_db()
    assert (operation.state, operation.settled_by) == (State.SUCCEEDED, "event")


@pytest.mark.parametrize("problem", [Refused("Gone.", code=NOT_SENT), Refused("Ours.", code=NOT_SENT, status=404)])
def test_what_we_did_not_send_leaves_its_doubt_to_a_person(problem: Refused, otto: User) -> None:
    operation = second_answer(problem)
    assert (operation.state, operation.next_try_at, operation.tries[-1]["message"]) == (
        State.UNKNOWN,
        None,
        problem.message,
    )
    assert door.needs_a_person(operation)
    door.on_events([event_of(operation)])
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED


def test_an_event_that_is_here_ends_the_doubt_of_what_we_did_not_send(otto: User) -> None:
    operation = do(failing(Unreachable("reset")), otto).operation

    def gone(operation: Operation, params: dict[str, Any]) -> Any:
        event_of(operation)
        raise Refused("Gone.", code=NOT_SENT)

    verb_that(gone)
    assert (settle(operation, LATER).state, operation.settled_by) == (State.SUCCEEDED, "event")


def test_what_makes_no_call_is_refused_whenever_it_says_so(otto: User) -> None:
    operation = second_answer(Refused("It is gone.", code=NOT_SENT), calls=False)
    assert (operation.state, operation.error_message) == (State.REFUSED, "It is gone.")


def test_what_only_reads_is_never_in_doubt(otto: User) -> None:
    stopped = budget.NoTurn("Its run was stopped.", lane=budget.BULK, stopped=True, calls=3)
    operation = do(failing(stopped, sends=False), otto).operation
    assert (operation.state, operation.tries) == (State.INTENT, [])
    assert second_answer(Refused("No.", status=401), sends=False).state == State.REFUSED
    operation = do(failing(stopped), otto).operation
    assert operation.state == State.UNKNOWN, "what writes may have written before it was stopped"


def test_a_first_answer_is_an_answer_whatever_it_is(otto: User) -> None:
    for problem in (Refused("No.", status=401), Refused("No.", status=403), Refused("Gone.", code=NOT_SENT)):
        assert do(failing(problem), otto).operation.state == State.REFUSED


def test_a_key_that_stripe_knows_otherwise_is_looked_up(sandbox: SandboxProcess, otto: User) -> None:
    faults(sandbox, "reset_after")
    operation = do(CREATE, otto, params=ACCOUNT).operation
    Operation.objects.update(params={**ACCOUNT, "business_name": "What another version would send"})
    settle(operation)
    assert operation.state == State.UNKNOWN
    assert (settle(operation, LATER).state, operation.settled_by) == (State.SUCCEEDED, "find")
    assert len(accounts_at_stripe(sandbox)) == 1


def test_after_a_day_the_key_is_not_sent_again(sandbox: SandboxProcess, otto: User) -> None:
    faults(sandbox, "reset_before")
    operation = do(CREATE, otto, params=ACCOUNT).operation
    Operation.objects.update(first_tried_at=clock.timestamp() - door.KEY_SECONDS)
    assert (settle(operation, LATER).state, operation.attempts) == (State.NOT_FOUND, 1)


def test_an_event_with_our_key_settles_it_without_a_call(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(failing(Unreachable("reset")), otto).operation
    assert operation.state == State.UNKNOWN
    door.on_events([event_of(operation)])
    operation.refresh_from_db()
    assert (operation.state, operation.settled_by, operation.object_id) == (State.SUCCEEDED, "event", "acct_9")
    assert (operation.account_id, operation.request_id) == ("acct_9", "req_9")


def test_an_event_that_came_before_the_timeout_settles_it_at_once(otto: User) -> None:
    def answered_too_late(operation: Operation, params: dict[str, Any]) -> Any:
        door.on_events([event_of(operation)])
        assert Operation.objects.get(pk=operation.pk).state == State.SENDING
        raise Unreachable("too late")

    assert do(verb_that(answered_too_late), otto).operation.settled_by == "event"


def test_an_event_proves_even_what_was_given_up(otto: User, ana: User) -> None:
    operation = do(failing(Unreachable("reset", replayed=True)), otto).operation
    settle(operation, LATER)
    door.drop(operation, user=ana)
    door.on_events([event_of(operation)])
    operation.refresh_from_db()
    assert (operation.state, operation.settled_by) == (State.SUCCEEDED, "event")


def test_events_without_a_key_settle_nothing(otto: User) -> None:
    operation = do(failing(Unreachable("reset")), otto).operation
    event = event_of(operation)
    event.idempotency_key = ""
    door.on_events([event])
    operation.refresh_from_db()
    assert operation.state == State.UNKNOWN

"""Processes that die, values that are never stored, and first attempts in the worker."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from console.operations import attempts, door
from console.operations.models import Operation
from console.people.models import User
from console.record import audit
from console.record.models import AuditEntry
from gateway import claims, client, inbox, intake, sweep
from gateway.errors import Refused, Unreachable
from tests.console.acting import (
    ACCOUNT,
    CREATE,
    RENAME,
    account,
    account_params,
    accounts_at_stripe,
    creates,
    do,
    event_of,
    failing,
    faults,
    settle,
    told,
    verb_that,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("acting_verbs")

State = Operation.State
LATER = timedelta(minutes=5)


# Processes die


def died(operation: Operation, state: str, **fields: Any) -> None:
    """As kill -9 leaves it: in this state, held by a process of this host that is gone."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    name = f"{claims.process_name().rpartition(':')[0]}:{gone.pid}#1"
    unsettled = {"settled_by": "", "settled_at": None, "object_id": "", "tries": []}
    claim = {"claimed_by": name, "claimed_until": timezone.now() + timedelta(hours=1), "next_try_at": None}
    Operation.objects.filter(pk=operation.pk).update(state=state, **unsettled, **claim, **fields)


def intent(user: User, params: dict[str, Any]) -> Operation:
    """An operation whose process died between intent and call."""
    operation = do(failing(Unreachable("", sent=False)), user, params=params).operation
    Operation.objects.update(verb=CREATE.name)
    died(operation, State.INTENT, attempts=0, first_tried_at=None)
    return operation


def test_an_intent_whose_process_died_is_sent_with_its_own_key(sandbox: SandboxProcess, otto: User) -> None:
    operation = intent(otto, ACCOUNT)
    assert sweep.over(Operation) == 1
    assert sweep.over(Operation) == 0
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.settled_by, operation.attempts) == (State.SUCCEEDED, "answer", 1)
    assert len(accounts_at_stripe(sandbox)) == 1


def test_an_operation_at_which_we_fail_before_its_call_is_parked_in_time(
    otto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = do(failing(Unreachable("", sent=False)), otto).operation

    def fails(*_: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("console.brakes.objection", fails)
    for _ in range(attempts.TRIES):
        if operation.next_try_at:
            with pytest.raises(ZeroDivisionError):
                settle(operation, LATER)
            operation.refresh_from_db()
    assert (operation.state, operation.next_try_at, len(operation.tries)) == (State.INTENT, None, attempts.TRIES)
    assert operation.tries[-1]["message"] == "The console itself failed (ZeroDivisionError)."
    assert door.needs_a_person(operation)


def test_an_operation_at_which_a_look_up_fails_is_parked_in_time(otto: User) -> None:
    def fails(operation: Operation) -> None:
        raise ZeroDivisionError

    operation = do(failing(Unreachable("", replayed=True), find=fails), otto).operation
    while operation.next_try_at:
        with pytest.raises(ZeroDivisionError):
            settle(operation, timedelta(hours=1))
        operation.refresh_from_db()
    assert (operation.state, len(operation.tries)) == (State.UNKNOWN, 1 + claims.CRASHES)
    assert door.needs_a_person(operation)


def test_a_claim_of_another_host_runs_out(sandbox: SandboxProcess, otto: User) -> None:
    operation = intent(otto, ACCOUNT)
    Operation.objects.update(claimed_by="elsewhere:-:1#1")
    assert sweep.over(Operation) == 0
    assert sweep.over(Operation, timezone.now() + timedelta(hours=2)) == 1
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED


def test_a_living_process_keeps_its_claim(sandbox: SandboxProcess, otto: User) -> None:
    operation = intent(otto, ACCOUNT)
    Operation.objects.update(claimed_by=claims.claim_name())
    assert sweep.over(Operation) == 0
    door.settle(str(operation.pk))
    assert creates(sandbox) == 0


def test_an_intent_of_days_ago_is_not_sent_as_a_surprise(sandbox: SandboxProcess, otto: User) -> None:
    operation = intent(otto, ACCOUNT)
    assert settle(operation, timedelta(days=2)).state == State.NOT_FOUND
    assert creates(sandbox) == 0


def test_what_died_while_sending_is_settled_by_the_same_key(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(CREATE, otto, params=ACCOUNT).operation
    made = operation.object_id
    died(operation, State.SENDING)
    assert (settle(operation).state, operation.tries[0]["crashed"]) == (State.UNKNOWN, True)
    assert (settle(operation).state, operation.settled_by, operation.object_id) == (State.SUCCEEDED, "key", made)
    assert len(accounts_at_stripe(sandbox)) == 1


def test_what_kills_its_process_again_and_again_is_parked(otto: User) -> None:
    operation = do(failing(Refused("")), otto).operation
    for number in range(attempts.CRASHES):
        tries = [{"crashed": True, "replayed": False}] * number
        died(operation, State.SENDING)
        Operation.objects.update(tries=tries)
        settle(operation)
    assert (operation.state, operation.next_try_at) == (State.UNKNOWN, None)
    assert door.needs_a_person(operation)


@pytest.mark.parametrize(("state", "left"), [(State.INTENT, State.INTENT), (State.SENDING, State.UNKNOWN)])
def test_a_verb_that_is_no_more_leaves_it_to_a_person(state: str, left: str, otto: User) -> None:
    operation = do(failing(Unreachable("reset")), otto).operation
    died(operation, state, verb="tests.of_another_version")
    Operation.objects.update(tries=[{"crashed": False}])
    assert (settle(operation).state, door.needs_a_person(operation)) == (left, True)
    door.on_events([event_of(operation)])
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED


def test_a_lost_claim_sends_nothing(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(CREATE, otto, params=ACCOUNT).operation
    operation.claimed_by, operation.state = "somebody", State.INTENT
    assert attempts.attempt(operation, CREATE, ACCOUNT) == {}
    assert creates(sandbox) == 1


def test_a_bug_of_ours_is_stored_and_raised(otto: User) -> None:
    with pytest.raises(ZeroDivisionError):
        do(verb_that(lambda *_: 1 / 0), otto)
    operation = Operation.objects.get()
    assert (operation.state, operation.tries[0]["crashed"]) == (State.UNKNOWN, True)
    assert "ZeroDivisionError" in operation.tries[0]["message"]


def test_whoever_settles_second_changes_nothing(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(CREATE, otto, params=ACCOUNT).operation
    assert not attempts.finish(operation, State.NOT_FOUND, by="find", changes={})
    attempts.wait(operation, [], None, state=State.UNKNOWN)
    assert operation.state == State.SUCCEEDED
    assert told(operation) == ["operation.intended", "operation.succeeded"]


# Sensitive values


SECRET = {**ACCOUNT, "ssn": "000-12-3456"}


def test_sensitive_values_are_sent_and_never_stored(sandbox: SandboxProcess, otto: User) -> None:
    operation = do(failing(Unreachable("about 000-12-3456"), sensitive=("ssn",)), otto, params=SECRET).operation
    assert (operation.params, operation.sensitive) == (ACCOUNT, ["ssn"])
    everything = [*Operation.objects.values_list(), *AuditEntry.objects.values_list()]
    assert "12-3456" not in str(everything)
    assert operation.tries[0]["message"] == "about •••"


@pytest.mark.parametrize("problem", [Unreachable("busy", status=429), Unreachable("no network", sent=False)])
def test_what_never_left_with_sensitive_values_ends_there(problem: Unreachable, otto: User) -> None:
    operation = do(failing(problem, sensitive=("ssn",)), otto, params=SECRET).operation
    assert (operation.state, operation.error_code) == (State.REFUSED, attempts.NOT_SENT)
    assert operation.error_message.startswith("Nothing was changed at Stripe")


def sensitive_unknown(user: User, message: str = "reset") -> Operation:
    operation = do(failing(Unreachable(message), sensitive=("ssn",)), user, params=SECRET).operation
    Operation.objects.update(verb=CREATE.name)
    return operation


def test_an_unknown_sensitive_one_is_looked_up_and_never_sent_again(sandbox: SandboxProcess, otto: User) -> None:
    operation = sensitive_unknown(otto)
    assert settle(operation).state == State.UNKNOWN
    assert operation.next_try_at is not None
    assert operation.next_try_at > timezone.now() + timedelta(seconds=50)
    assert settle(operation, LATER).state == State.NOT_FOUND
    assert creates(sandbox) == 0


def test_a_sensitive_one_that_did_arrive_is_found(sandbox: SandboxProcess, otto: User) -> None:
    operation = sensitive_unknown(otto)
    client.post("/v1/accounts", account_params(operation, ACCOUNT), account=None, key="theirs")
    assert (settle(operation, LATER).state, operation.settled_by) == (State.SUCCEEDED, "find")


def test_a_sensitive_intent_whose_process_died_is_not_sent(sandbox: SandboxProcess, otto: User) -> None:
    operation = intent(otto, ACCOUNT)
    Operation.objects.update(sensitive=["ssn"])
    assert (settle(operation).state, creates(sandbox)) == (State.NOT_FOUND, 0)


def test_a_look_up_that_gets_no_answer_comes_again(sandbox: SandboxProcess, otto: User, settings: Any) -> None:
    operation = sensitive_unknown(otto)
    there, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:1"
    assert settle(operation, LATER).state == State.UNKNOWN
    settings.STRIPE_API_BASE = there
    assert settle(operation, 2 * LATER).state == State.NOT_FOUND


def test_a_look_up_that_is_refused_leaves_it_to_a_person(otto: User) -> None:
    def refuse(operation: Operation) -> None:
        raise Refused("not allowed")

    operation = do(failing(Unreachable("reset", replayed=True), find=refuse), otto).operation
    assert (settle(operation, LATER).state, operation.next_try_at) == (State.UNKNOWN, None)
    assert door.needs_a_person(operation)


# The worker makes the first attempt


def test_without_waiting_the_worker_sends_it(sandbox: SandboxProcess, otto: User) -> None:
    account_id = account(sandbox)
    operation = do(RENAME, otto, params={"name": "B"}, account_id=account_id, wait=False).operation
    assert (operation.state, creates(sandbox, f"/v1/accounts/{account_id}")) == (State.INTENT, 0)
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    door.settle(str(operation.pk))
    assert creates(sandbox, f"/v1/accounts/{account_id}") == 1


# The same with a real process, and a real event


def killed(when: str, sandbox: SandboxProcess) -> Operation:
    """What a process leaves that is killed at this point."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = {"DATABASE_URL": url, "STRIPE_API_BASE": sandbox.url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-m", "tests.console.dying", when]
    run = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    return Operation.objects.get()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("when", "state"), [("before", State.INTENT), ("in", State.SENDING), ("after", State.SENDING)])
def test_kill_9_leaves_one_account_and_no_question(when: str, state: str, sandbox: SandboxProcess, otto: User) -> None:
    operation = killed(when, sandbox)
    assert operation.state == state
    for _ in range(2):
        sweep.over(Operation)
        door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    assert [each["id"] for each in accounts_at_stripe(sandbox)] == [operation.object_id]
    assert audit.verify().problem == ""


@pytest.mark.django_db(transaction=True)
def test_an_event_that_arrives_settles_the_unknown(sandbox: SandboxProcess, otto: User) -> None:
    faults(sandbox, "reset_after")
    operation = do(CREATE, otto, params=ACCOUNT).operation
    assert operation.state == State.UNKNOWN
    made = accounts_at_stripe(sandbox)[0]["id"]
    _, listed, _ = sandbox.api("GET", "/v1/events", account=made)
    intake.keep([intake.event_of(payload, source="webhook") for payload in listed["data"]])
    inbox.drain()
    operation.refresh_from_db()
    assert (operation.state, operation.settled_by) == (State.SUCCEEDED, "event")
    assert [each["id"] for each in accounts_at_stripe(sandbox)] == [operation.object_id]

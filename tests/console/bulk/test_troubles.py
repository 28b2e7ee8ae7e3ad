"""What keeps rows from being sent, or their turn from going on: each costs no more than it must."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from console import brakes
from console.brakes import changes
from console.bulk import batches, engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Wanted
from console.operations import attempts, door, outcome
from console.operations.models import Operation
from console.operations.verbs import Outcome
from console.people.models import User
from gateway import budget, claims
from gateway.errors import Unreachable
from tests.console.acting import REASON, RENAME, account, creates, person, settle, verb_that
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting_verbs")]
State = Operation.State


@pytest.fixture
def ids(sandbox: SandboxProcess) -> list[str]:
    """Four accounts."""
    return [account(sandbox, name) for name in ("Alder Ltd", "Birch Ltd", "Cedar Ltd", "Dogwood Ltd")]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[BulkRun]:
    """The runs for which a turn was asked."""
    asked: list[BulkRun] = []
    monkeypatch.setattr(engine, "wake", asked.append)
    return asked


def begun(user: User, ids: list[str], verb: Any = RENAME, **options: Any) -> BulkRun:
    rows = [Wanted(each) for each in ids]
    return runs.begin(verb, user=user, rows=rows, reason=REASON, common={"name": "New"}, **options)


def work(run: BulkRun, lane: budget.Lane = budget.BULK) -> bool:
    """All rows of a run together."""
    return engine.do(run, engine.claim(run, 9), lane=lane)


def states() -> list[str]:
    """Of the operations, in the order of their rows."""
    rows = BulkRow.objects.order_by("position").select_related("operation")
    return [row.operation.state if row.operation else row.state for row in rows]


def answering(*answers: Exception | None) -> Any:
    """A verb whose calls end one after the other in these."""
    coming = iter(answers)

    def send(operation: Operation, params: dict[str, Any]) -> Outcome:
        problem = next(coming)
        if problem:
            raise problem
        return Outcome(object_id=operation.account_id)

    return verb_that(send, about_account=True)


# A fault of ours


@pytest.fixture
def faulty(ids: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An account at which the verb itself fails, before anything is sent."""
    objection = batches.check_shown

    def failing(verb: Any, run: BulkRun, row: BulkRow, about: Any) -> None:
        if row.account_id == ids[1]:
            raise ZeroDivisionError
        objection(verb, run, row, about)

    monkeypatch.setattr(batches, "check_shown", failing)
    return ids[1]


def test_a_row_at_which_we_fail_stops_no_other_and_is_given_up(
    otto: User, ids: list[str], faulty: str, woken: list[BulkRun]
) -> None:
    run = begun(otto, ids)
    for _ in range(claims.CRASHES):
        with pytest.raises(ZeroDivisionError):
            engine.work(str(run.pk))
        BulkRow.objects.waiting().update(next_try_at=None)
    assert states() == ["succeeded", "waiting", "succeeded", "succeeded"]
    assert BulkRow.objects.get(account_id=faulty).attempts == claims.CRASHES
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.failed, run.needs_a_person) == ("ended", 1, True)
    assert BulkRow.objects.get(account_id=faulty).why == batches.GIVEN_UP


def test_rows_at_which_we_fail_are_put_aside_and_their_attempt_counts(otto: User, ids: list[str], faulty: str) -> None:
    run = begun(otto, ids)
    with pytest.raises(ZeroDivisionError):
        work(run)
    aside = BulkRow.objects.filter(next_try_at__gt=timezone.now() + timedelta(seconds=20), attempts=1, claimed_by="")
    assert (aside.count(), Operation.objects.exists()) == (4, False)


def test_trouble_of_the_database_is_no_rows_fault(otto: User, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(otto, ids)

    def locked(*_: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(batches, "_begin", locked)
    with pytest.raises(OperationalError):
        work(run)
    assert BulkRow.objects.filter(attempts=0, claimed_by="").count() == 4


def test_who_waits_for_a_run_at_whose_row_we_fail_sees_its_page(
    otto: User, ids: list[str], faulty: str, woken: list[BulkRun]
) -> None:
    run = begun(otto, [faulty, ids[0]])
    woken.clear()
    engine.work_while_waited_for(run, 5)
    assert (states(), woken) == (["waiting", "waiting"], [run])


# Stripe has trouble


def test_one_that_is_no_answer_stops_nobody(otto: User, ids: list[str]) -> None:
    verb = answering(None, Unreachable("", status=500), None, Unreachable("", status=409))
    assert work(begun(otto, ids, verb))
    assert states() == ["succeeded", "unknown", "succeeded", "unknown"]


@pytest.mark.parametrize("problem", [Unreachable("No answer"), Unreachable("Slow down", status=429)])
def test_nothing_answered_or_429_stops_the_others(problem: Unreachable, otto: User, ids: list[str]) -> None:
    assert not work(begun(otto, ids, answering(None, problem)))
    assert states()[2:] == ["intent", "intent"]


def test_two_in_a_row_stop_the_others(otto: User, ids: list[str]) -> None:
    assert not work(begun(otto, ids, answering(Unreachable("", status=500), Unreachable("", status=503))))
    assert states() == ["unknown", "unknown", "intent", "intent"]


def test_two_in_a_row_are_two_in_a_row_of_rows_that_go_by_themselves(otto: User, ids: list[str]) -> None:
    run = begun(otto, ids, answering(*[Unreachable("", status=500)] * 2))
    BulkRow.objects.update(attempts=1)
    assert not work(run)
    assert states() == ["unknown", "unknown", "waiting", "waiting"]


@pytest.mark.parametrize(("urgent", "turns", "seconds"), [(True, 1, 5), (False, 0, 30)])
def test_what_is_urgent_goes_on_after_seconds(
    urgent: bool,
    turns: int,
    seconds: int,
    otto: User,
    ids: list[str],
    woken: list[BulkRun],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(engine.time, "sleep", slept.append)
    run = begun(otto, ids, answering(None, Unreachable("No answer")), urgent=urgent)
    woken.clear()
    engine.work(str(run.pk))
    assert (states(), len(woken), slept) == (["succeeded", "unknown", "intent", "waiting"], turns, [5.0] * turns)
    left = Operation.objects.get(state="intent").next_try_at
    assert left is not None
    assert abs((left - timezone.now()).total_seconds() - seconds) < 3


def test_the_worker_goes_on_with_what_a_waiting_person_was_not_there_for(
    otto: User, ids: list[str], woken: list[BulkRun]
) -> None:
    run = begun(otto, ids)
    woken.clear()
    engine.work_while_waited_for(run, 0)
    assert woken == [run]
    engine.work_while_waited_for(run, 60)
    assert (states(), run.state, woken) == (["succeeded"] * 4, "ended", [run])


def test_rows_go_on_while_another_process_sends_one_again(otto: User, ids: list[str]) -> None:
    run = begun(otto, ids[:2])
    engine.do(run, engine.claim(run, 1), lane=budget.BULK)
    sent_again = {"state": State.SENDING, "attempts": 2, "settled_at": None}
    claim = {"claimed_by": claims.claim_name(), "claimed_until": Operation.claim_ends()}
    Operation.objects.update(**sent_again, **claim)
    assert engine.work(str(run.pk)) == 1


# Stopped


def test_a_run_that_is_stopped_sends_nothing_of_what_was_begun_until_it_is_resumed(
    otto: User, ids: list[str], sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "WATCHED", -1.0)
    run, send = begun(otto, ids), RENAME.send

    def stopping(operation: Operation, values: dict[str, Any]) -> Any:
        runs.stop(run, otto)
        return send(operation, values)

    with monkeypatch.context() as patched:
        patched.setattr(RENAME, "send", stopping)
        assert work(run)
    assert states() == ["succeeded", "intent", "intent", "intent"]
    left = list(Operation.objects.filter(state="intent"))
    assert [settle(each).state for each in left] == ["intent"] * 3
    assert [(each.attempts, each.tries, each.claimed_by) for each in left] == [(0, [], "")] * 3
    assert not Operation.objects.due().exists()
    reader = person("vera", "console.view_operation")
    assert outcome._state(left[0], reader)["sentence"] == outcome.STOPPED
    assert not Operation.objects.needing_a_person().exists()
    runs.resume(run, otto)
    assert [settle(each).state for each in left] == ["succeeded"] * 3
    assert [creates(sandbox, f"/v1/accounts/{each}") for each in ids] == [1] * 4


def test_what_is_in_doubt_is_settled_though_its_run_is_stopped(otto: User, ids: list[str]) -> None:
    run = begun(otto, ids[:1], answering(Unreachable("No answer"), None))
    work(run)
    runs.stop(run, otto)
    assert settle(Operation.objects.get(), timedelta(minutes=5)).state == "succeeded"


def test_a_run_that_is_resumed_while_one_is_put_off_has_it_sent(
    otto: User, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, wait = begun(otto, ids[:1], answering(Unreachable("", sent=False), None)), attempts.wait
    work(run)
    runs.stop(run, otto)

    def resumed(*its: Any, **more: Any) -> None:
        runs.resume(run, otto)
        wait(*its, **more)

    operation = Operation.objects.get()
    with monkeypatch.context() as patched:
        patched.setattr(attempts, "wait", resumed)
        settle(operation, timedelta(seconds=40))
    assert (operation.state, settle(operation, timedelta(minutes=1)).state) == ("intent", "succeeded")


# Brakes


def test_rows_that_are_put_off_while_their_brake_is_lifted_are_due(
    otto: User, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, run = person("ada", changes.SETS), begun(otto, ids)
    brake, admit = changes.set_brake(ada, "account", ids[0], reason=REASON), batches._admit

    def lifted(verb: Any, run: BulkRun, row: BulkRow, *its: Any) -> Any:
        try:
            return admit(verb, run, row, *its)
        finally:
            if row.account_id == ids[0]:
                changes.lift(brake, ada, reason=REASON)

    monkeypatch.setattr(batches, "_admit", lifted)
    work(run)
    assert states() == ["waiting", "succeeded", "succeeded", "succeeded"]
    row = BulkRow.objects.get(account_id=ids[0])
    assert (row.why, BulkRow.objects.due().count()) == ("", 1)


def test_a_brake_that_is_set_while_a_row_waits_for_its_turn_stops_it(
    otto: User, ids: list[str], sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.STRIPE_RATE = 1000.0
    monkeypatch.setattr("console.brakes.standing.WATCHED", -1.0)
    ada, run, waited = person("ada", changes.SETS), begun(otto, ids[:2]), budget._waited

    def waiting(rate: float, used: budget.Lane) -> bool:
        if not brakes.objection(RENAME, ids[0]):
            changes.set_brake(ada, "all", reason=REASON)
        return waited(rate, used)

    monkeypatch.setattr(budget, "_waited", waiting)
    monkeypatch.setattr(budget, "ASKED_LASTS", -1.0)
    assert work(run)
    assert [creates(sandbox, f"/v1/accounts/{each}") for each in ids[:2]] == [0, 0]
    assert states() == ["intent", "intent"]
    for operation in Operation.objects.all():
        assert (operation.attempts, operation.tries, operation.first_tried_at) == (0, [], None)
        assert settle(operation).braked_at


# Lanes


@pytest.mark.parametrize(("urgent", "lane"), [(True, budget.URGENT), (False, budget.BULK_AGAIN)])
def test_a_row_that_is_tried_again_keeps_to_the_lane_of_its_run(
    urgent: bool, lane: budget.Lane, otto: User, ids: list[str]
) -> None:
    seen: list[budget.Lane] = []
    answers = iter([Unreachable("No answer"), None])

    def send(operation: Operation, params: dict[str, Any]) -> Outcome:
        seen.append(budget.take())
        if problem := next(answers):
            raise problem
        return Outcome(object_id=operation.account_id)

    run = begun(otto, ids[:1], verb_that(send, about_account=True), urgent=urgent)
    work(run, budget.URGENT if urgent else budget.BULK)
    assert settle(Operation.objects.get(), timedelta(minutes=5)).state == "succeeded"
    assert seen[1] is lane


def test_what_has_no_turn_in_the_background_is_no_try_and_is_never_parked(
    otto: User, ids: list[str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.STRIPE_RATE = 1000.0
    run = begun(otto, ids[:2])
    with monkeypatch.context() as full:
        full.setattr(budget, "_waited", lambda *_: False)
        assert not work(run)
        for _ in range(7):
            for operation in Operation.objects.all():
                settle(operation, timedelta(minutes=1))
    assert states() == ["intent", "intent"]
    for operation in Operation.objects.all():
        assert (operation.attempts, operation.tries) == (0, [])
        assert not door.needs_a_person(operation)
        assert settle(operation, timedelta(minutes=1)).state == "succeeded"

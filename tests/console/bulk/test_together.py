"""Rows that go together: begun with one commit, each with its own call, and settled with one."""

from collections.abc import Callable
from typing import Any

import pytest

from console.brakes import changes
from console.brakes.standing import Watch
from console.bulk import batches, engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Wanted
from console.operations import door, many
from console.operations.models import Operation
from console.people.models import User
from console.record.models import AuditEntry
from gateway import claims, sweep
from gateway.errors import Refused, Unreachable
from tests.console.acting import REASON, RENAME, account, creates, person
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting_verbs")]
NAMES = ("Alder Ltd", "Birch Ltd", "Cedar Ltd")
State = Operation.State
Ids = list[str]


@pytest.fixture
def ids(sandbox: SandboxProcess) -> Ids:
    """Three accounts."""
    return [account(sandbox, name) for name in NAMES]


def begun(user: User, ids: Ids) -> BulkRun:
    return runs.begin(RENAME, user=user, rows=[Wanted(each) for each in ids], reason=REASON, common={"name": "New"})


def work(run: BulkRun) -> bool:
    """All rows of a run together."""
    return engine.do(run, engine.claim(run, 9), lane=engine.budget.BULK)


def states() -> list[str]:
    """Of the operations, in the order of their rows."""
    rows = BulkRow.objects.order_by("position").select_related("operation")
    return [row.operation.state if row.operation else row.state for row in rows]


def at_second(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Have something happen when the second call is about to be made."""
    calls, send = iter(range(9)), RENAME.send

    def sent(operation: Operation, values: dict[str, Any]) -> Any:
        if next(calls) == 1:
            act()
        return send(operation, values)

    monkeypatch.setattr(RENAME, "send", sent)


def raising(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_each_has_its_own_operation_key_call_and_words_in_the_trail(
    otto: User, ids: Ids, sandbox: SandboxProcess
) -> None:
    run = begun(otto, ids)
    assert work(run)
    assert states() == ["succeeded"] * 3
    assert len(set(Operation.objects.values_list("key", flat=True))) == 3
    assert [creates(sandbox, f"/v1/accounts/{each}") for each in ids] == [1, 1, 1]
    for operation in Operation.objects.all():
        told = operation.audit_entries.order_by("number").values_list("action", flat=True)
        assert list(told) == ["operation.intended", "operation.succeeded"]
        assert (operation.attempts, operation.settled_by, len(operation.tries)) == (1, "answer", 1)
    assert engine.finish(run)


def test_what_one_is_refused_for_says_nothing_of_the_others(
    otto: User, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_second(monkeypatch, raising(Refused("No.", code="no")))
    assert work(begun(otto, ids))
    assert states() == ["succeeded", "refused", "succeeded"]


def test_what_a_process_left_that_died_is_sent_once_by_the_next(
    otto: User, ids: Ids, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(otto, ids)
    with monkeypatch.context() as dying:
        at_second(dying, raising(KeyboardInterrupt()))
        dying.setattr(many.attempts, "finish_all", lambda *_: None)
        dying.setattr(many, "_hand_on", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            work(run)
    assert states() == ["sending"] * 3
    Operation.objects.update(claimed_by=f"{claims._here()}:4194305#x")
    assert sweep.over(Operation) == 3
    for operation in Operation.objects.all():
        for _ in range(2):  # that its process ended is noted first
            Operation.objects.filter(pk=operation.pk, settled_at=None).update(next_try_at=None, claimed_by=sweep.QUEUED)
            door.settle(str(operation.pk))
    assert states() == ["succeeded"] * 3
    assert [creates(sandbox, f"/v1/accounts/{each}") for each in ids] == [2, 1, 1]  # the first by its key: once there
    assert engine.finish(run)


def test_a_brake_stops_those_whose_turn_has_not_come(otto: User, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.brakes.standing.WATCHED", 0.0)
    ada, run = person("ada", changes.SETS), begun(otto, ids)
    at_second(monkeypatch, lambda: changes.set_brake(ada, "all", reason=REASON) and None)
    assert work(run)
    assert states() == ["succeeded", "succeeded", "intent"]
    left = Operation.objects.get(state="intent")
    assert (left.attempts, left.tries, left.first_tried_at, left.claimed_by) == (0, [], None, "")
    door.settle(str(left.pk))
    left.refresh_from_db()
    assert (left.state, left.braked_at is None, left.attempts) == ("intent", False, 0)


def test_a_watch_asks_again_after_half_a_second(otto: User, ids: Ids) -> None:
    watch = Watch(RENAME)
    assert watch.objection(ids[0]) == ""
    changes.set_brake(person("ada", changes.SETS), "account", ids[0], reason=REASON)
    watch.as_of -= 0.6
    assert "stopped" in watch.objection(ids[0])
    assert watch.objection(ids[1]) == ""


def test_where_stripe_ends_the_rest_is_left_to_the_worker(
    otto: User, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(otto, ids)
    at_second(monkeypatch, raising(Unreachable("No network", sent=False)))
    assert not work(run)
    assert states() == ["succeeded", "intent", "intent"]
    assert [len(each.tries) for each in Operation.objects.order_by("bulk_row__position")] == [1, 1, 0]


def test_a_fault_of_ours_loses_no_neighbours_answer(otto: User, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(otto, ids)
    at_second(monkeypatch, raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        work(run)
    assert states() == ["succeeded", "unknown", "intent"]


def test_a_row_whose_form_has_its_operation_is_found_among_others(
    otto: User, ids: Ids, sandbox: SandboxProcess
) -> None:
    run = begun(otto, ids)
    second = BulkRow.objects.get(position=2)
    door.perform(
        RENAME, user=otto, params={"name": "New"}, reason=REASON, form_token=second.form_token, account_id=ids[1]
    )
    assert work(run)
    assert states() == ["succeeded"] * 3
    assert [creates(sandbox, f"/v1/accounts/{each}") for each in ids] == [1, 1, 1]
    assert not AuditEntry.objects.filter(action="operation.denied").exists()


def test_one_that_was_tried_before_goes_by_itself(otto: User, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(otto, ids)
    BulkRow.objects.filter(position=2).update(attempts=1)
    parts: list[int] = []
    do = batches.do
    monkeypatch.setattr(batches, "do", lambda *its: parts.append(len(its[2])) or do(*its))
    assert work(run)
    assert (parts, states()) == ([2, 1], ["succeeded"] * 3)


def test_rows_of_a_run_that_is_stopped_meanwhile_are_not_begun(
    otto: User, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(otto, ids)
    admitted = batches._admitted

    def stopping(*its: Any) -> Any:
        found = admitted(*its)
        runs.stop(run, otto)
        return found

    monkeypatch.setattr(batches, "_admitted", stopping)
    assert work(run)
    assert (states(), Operation.objects.exists()) == (["waiting"] * 3, False)
    assert not BulkRow.objects.exclude(claimed_by="", attempts=0).exists()


def test_more_go_together_while_they_are_quick(otto: User, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    run, parts = begun(otto, ids), []
    do = engine.do
    monkeypatch.setattr(engine, "do", lambda run, rows, **its: parts.append(len(rows)) or do(run, rows, **its))
    engine.work(str(run.pk))
    assert (parts, states()) == ([1, 2], ["succeeded"] * 3)


def test_a_run_goes_on_at_once_when_a_process_dies_that_was_sending(
    otto: User, ids: Ids, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    run, turns = begun(otto, ids), []
    BulkRow.objects.filter(position__gt=1).update(claimed_by="", claimed_until=None)
    operation = door.new(
        RENAME,
        user=otto,
        reason=REASON,
        form_token="d" * 32,
        ticket="",
        account_id=ids[0],
        account_name="",
        object_id="",
        via="action",
        work_session=None,
        claimed_by=claims.claim_name(),
    )
    many.intend([many.Act(operation, {"name": "New"})])
    BulkRow.objects.filter(position=1).update(state="given", operation=operation)
    monkeypatch.setattr(engine, "wake", turns.append)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep.everything(full=False) == 0
        assert engine.sweep() == 1
        assert not turns, "a live process is at work"
        Operation.objects.update(claimed_by=f"{claims._here()}:4194305#x")
        sweep.everything(full=False)
    assert turns == [run]

"""Runs: begun, worked off, stopped, resumed, tried again, undone. Each row once, whoever dies."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from console.brakes import changes
from console.bulk import batches, drafts, engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Denied, Wanted
from console.operations.models import Operation
from console.people.models import User
from console.record.models import AuditEntry
from gateway import claims, offset, sweep
from gateway.errors import Refused, Unreachable
from tests.console.acting import PERMISSION, REASON, RENAME, account, creates, failing, person, session_for
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting_verbs")]
State = Operation.State
ROW_COSTS = 6  # statements of a row with one call among eight that go together, savepoints among them


def wanted(*ids: str, **params: Any) -> list[Wanted]:
    return [Wanted(each, params=params) for each in ids]


def begun(user: User, rows: list[Wanted], verb: Any = RENAME, **options: Any) -> BulkRun:
    return runs.begin(verb, user=user, rows=rows, **{"reason": REASON, "common": {"name": "New"}, **options})


def outcomes(run: BulkRun) -> list[str]:
    return [row.outcome for row in BulkRow.objects.filter(run=run).told()]  # type: ignore[attr-defined]


def told(run: BulkRun) -> list[str]:
    return list(AuditEntry.objects.filter(subject=str(run.pk)).order_by("number").values_list("action", flat=True))


def test_each_row_becomes_one_operation(otto: User, sandbox: SandboxProcess) -> None:
    ids = [account(sandbox, name) for name in ("Alder Ltd", "Birch Ltd", "Cedar Ltd")]
    run = begun(otto, wanted(*ids))
    assert (run.state, run.total, outcomes(run)) == ("running", 3, ["waiting"] * 3)
    assert engine.work(str(run.pk)) == 3
    run.refresh_from_db()
    assert (run.state, run.needs_a_person, run.outcomes()) == ("ended", False, {"succeeded": 3})
    assert [creates(sandbox, f"/v1/accounts/{each}") for each in ids] == [1, 1, 1]
    operation = Operation.objects.get(account_id=ids[0])
    row = BulkRow.objects.get(operation=operation)
    assert (operation.form_token, operation.params, operation.via) == (row.form_token, {"name": "New"}, "action")
    assert told(run) == ["bulk.begun"]
    assert engine.work(str(run.pk)) == 0


def test_a_rows_own_values_go_before_those_in_common(otto: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, [Wanted(account(sandbox), params={"name": "Own"})])
    engine.work(str(run.pk))
    assert Operation.objects.get().params == {"name": "Own"}


def test_a_process_that_died_between_operation_and_row_doubles_nothing(otto: User, sandbox: SandboxProcess) -> None:
    account_id = account(sandbox)
    run = begun(otto, wanted(account_id))
    engine.work(str(run.pk))
    BulkRow.objects.update(state="waiting", operation=None, claimed_by=f"{claims._here()}:4194305#x")
    BulkRow.objects.update(claimed_until=BulkRow.claim_ends())
    BulkRun.objects.update(state="running")
    assert sweep.over(BulkRow) == 1  # frees what the dead process held, and has the run go on
    engine.work(str(run.pk))
    assert (outcomes(run), creates(sandbox, f"/v1/accounts/{account_id}")) == (["succeeded"], 1)
    assert Operation.objects.count() == 1


def test_what_a_live_process_holds_is_left_alone(otto: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, wanted(account(sandbox)))
    engine.claim(run, 1)
    assert engine.work(str(run.pk)) == 0
    assert not Operation.objects.exists()


def test_a_row_that_ends_its_process_again_and_again_is_given_up(otto: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, wanted(account(sandbox)))
    BulkRow.objects.update(attempts=claims.CRASHES)
    engine.work(str(run.pk))
    assert (outcomes(run), BulkRow.objects.get().why) == (["denied"], batches.GIVEN_UP)


def test_a_stopped_run_sends_nothing_more_and_goes_on_where_it_was(otto: User, sandbox: SandboxProcess) -> None:
    ids = [account(sandbox, name) for name in ("Alder Ltd", "Birch Ltd")]
    run = begun(otto, wanted(*ids))
    rows = engine.claim(run, 2)
    engine.do(run, rows[:1], lane=engine.budget.BULK)
    runs.stop(run, otto)
    assert run.needs_a_person
    engine.do(run, rows[1:], lane=engine.budget.BULK)
    assert (engine.work(str(run.pk)), outcomes(run)) == (0, ["succeeded", "waiting"])
    runs.resume(run, otto)
    engine.work(str(run.pk))
    assert outcomes(run) == ["succeeded", "succeeded"]
    assert told(run) == ["bulk.begun", "bulk.stopped", "bulk.resumed"]


def test_only_who_began_it_and_who_controls_all_may_stop_it(otto: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, wanted(account(sandbox)))
    for act in (runs.stop, runs.resume, runs.retry):
        with pytest.raises(Denied, match="otto began this run"):
            act(run, person("zoe", PERMISSION) if act is runs.stop else User.objects.get(username="zoe"))
    assert runs.stop(run, person("ada", "console.control_bulkrun")).state == "stopped"


def test_who_lost_the_permission_meanwhile_stops_it_and_no_row_is_used_up(otto: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, wanted(account(sandbox)))
    User.objects.filter(pk=otto.pk).update(is_active=False)
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.state, outcomes(run)) == ("stopped", ["waiting"])
    assert "has no permission" in run.why
    assert "otto" not in run.why, "who may be forgotten"
    assert AuditEntry.objects.get(action="bulk.stopped").user == otto, "so it is found when they are"
    assert not AuditEntry.objects.filter(action="operation.denied").exists()


def test_who_is_shut_out_within_a_turn_stops_it_a_second_later(otto: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, wanted(account(sandbox, "Alder Ltd"), account(sandbox, "Birch Ltd")))
    rows = engine.claim(run, 2)
    engine.do(run, rows[:1], lane=engine.budget.BULK)
    User.objects.filter(pk=otto.pk).update(is_active=False)
    run.person_as_of -= engine.LATELY
    engine.do(run, rows[1:], lane=engine.budget.BULK)
    run.refresh_from_db()
    assert (run.state, outcomes(run)) == ("stopped", ["succeeded", "waiting"])


def test_who_loses_the_permission_within_a_turn_stops_it_a_second_later(otto: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, wanted(account(sandbox, "Alder Ltd"), account(sandbox, "Birch Ltd")))
    rows = engine.claim(run, 2)
    engine.do(run, rows[:1], lane=engine.budget.BULK)
    otto.user_permissions.clear()
    run.person_as_of -= engine.LATELY
    engine.do(run, rows[1:], lane=engine.budget.BULK)
    run.refresh_from_db()
    assert (run.state, outcomes(run)) == ("stopped", ["succeeded", "waiting"])


def test_a_row_that_a_brake_stops_waits_and_is_no_denial_of_the_trail(otto: User, sandbox: SandboxProcess) -> None:
    ada, account_id = person("ada", changes.SETS), account(sandbox)
    run = begun(otto, wanted(account_id))
    brake = changes.set_brake(ada, "all", reason=REASON)
    engine.work(str(run.pk))
    row = BulkRow.objects.get()
    assert (outcomes(run), row.attempts, "stopped" in row.why) == (["waiting"], 0, True)
    assert not Operation.objects.exists()
    assert not AuditEntry.objects.filter(action="operation.denied").exists()
    changes.lift(brake, ada, reason=REASON)
    engine.work(str(run.pk))
    assert outcomes(run) == ["succeeded"]


def test_the_failed_are_tried_again_as_new_operations(otto: User, sandbox: SandboxProcess) -> None:
    verb = failing(Refused("No.", code="no"), about_account=True)
    run = begun(otto, wanted(account(sandbox)), verb)
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.needs_a_person, outcomes(run)) == ("ended", True, ["refused"])
    first = BulkRow.objects.get().form_token
    assert runs.retry(run, otto) == 1
    assert runs.retry(run, otto) == 0
    engine.work(str(run.pk))
    assert Operation.objects.count() == 2
    assert BulkRow.objects.get().form_token != first


def test_an_unreachable_stripe_is_not_run_against(otto: User, sandbox: SandboxProcess, settings: Any) -> None:
    verb = failing(Unreachable("No network", sent=False), about_account=True)
    run = begun(otto, wanted(*(account(sandbox, f"No {number}") for number in range(6))), verb)
    assert engine.work(str(run.pk)) == settings.BULK_THREADS
    assert sorted(outcomes(run)) == ["intent"] + ["waiting"] * 5
    run.refresh_from_db()
    assert run.state == "running"


def test_the_same_form_finds_its_run_and_another_use_is_refused(otto: User, sandbox: SandboxProcess) -> None:
    account_id = account(sandbox)
    first = begun(otto, wanted(account_id), form_token="a" * 32)
    assert begun(otto, wanted(account_id), form_token="a" * 32) == first
    with pytest.raises(Denied, match="sent before"):
        begun(otto, wanted(account_id), form_token="a" * 32, common={"name": "Other"})
    assert BulkRun.objects.count() == 1


def test_rows_that_were_half_written_are_written_anew(otto: User, sandbox: SandboxProcess) -> None:
    account_id = account(sandbox)
    first = begun(otto, wanted(account_id), form_token="a" * 32)
    BulkRun.objects.update(total=0, state="draft")
    BulkRow.objects.all().delete()
    with pytest.raises(Denied, match="just being written"):  # perhaps it still is
        begun(otto, wanted(account_id), form_token="a" * 32)
    BulkRun.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    again = begun(otto, wanted(account_id), form_token="a" * 32)
    assert (again, again.state, again.total) == (first, "running", 1)


def test_rows_of_an_account_that_is_looked_at_are_not_possible(otto: User, sandbox: SandboxProcess) -> None:
    ids = [account(sandbox, name) for name in ("Alder Ltd", "Birch Ltd")]
    session_for(otto, ids[0])
    run = begun(otto, wanted(*ids))
    engine.work(str(run.pk))
    assert outcomes(run) == ["denied", "succeeded"]
    assert "look mode" in BulkRow.objects.get(position=1).why


def test_what_is_looked_at_only_later_does_not_fail_the_rows(otto: User, sandbox: SandboxProcess) -> None:
    account_id = account(sandbox)
    run = begun(otto, wanted(account_id))
    session_for(otto, account_id)
    engine.work(str(run.pk))
    assert outcomes(run) == ["succeeded"]


@pytest.mark.parametrize(
    ("options", "rows", "sentence"),
    [
        ({"reason": "short"}, 1, "at least 10"),
        ({}, 0, "no row was chosen"),
        ({}, runs.MOST + 1, "At most 10,000"),
    ],
)
def test_what_cannot_begin_says_why(options: Any, rows: int, sentence: str, otto: User) -> None:
    with pytest.raises(Denied, match=sentence):
        begun(otto, wanted(*["acct_1"] * rows), **options)
    assert not BulkRun.objects.exists()


def test_ten_thousand_rows_begin_in_short_transactions(otto: User) -> None:
    run = begun(otto, wanted(*["acct_1"] * runs.MOST))
    assert run.total == BulkRow.objects.count() == runs.MOST


def test_a_draft_that_nobody_began_is_forgotten_after_two_days(otto: User) -> None:
    run = BulkRun(verb=RENAME.name, user=otto, form_token="e" * 32)
    runs.draft(run, wanted("acct_1", "acct_2"))
    assert drafts.drop_old() == 0
    begun(otto, wanted("acct_3"))
    drafts.drop_old(timezone.now() + timedelta(hours=49))
    assert [each.state for each in BulkRun.objects.all()] == ["running"]
    assert BulkRow.objects.count() == 1


def test_an_urgent_run_runs_as_any_other(otto: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, wanted(account(sandbox)), urgent=True)
    assert engine.work(str(run.pk)) == 1
    assert (outcomes(run), run.urgent) == (["succeeded"], True)


def test_turns_never_pile_up_in_a_queue_that_stands(
    otto: User, sandbox: SandboxProcess, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = begun(otto, wanted(*(account(sandbox, f"No {number}") for number in range(2))))
        for _ in range(5):
            engine.sweep()
    assert OrmQ.objects.count() == 1
    engine.work(str(run.pk))
    assert engine.sweep() == 0


def statements(run: BulkRun) -> int:
    with CaptureQueriesContext(connection) as seen:
        engine.work(str(run.pk))
    return len(seen)


def test_what_a_row_costs(otto: User, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LATELY", 600.0)
    monkeypatch.setattr(offset, "MEMO_SECONDS", 600.0)
    ids = [account(sandbox, f"No {number}") for number in range(1 + 2 + 4 + 8)]
    few = statements(begun(otto, wanted(*ids[:7])))
    assert (statements(begun(otto, wanted(*ids))) - few) / 8 <= ROW_COSTS


@pytest.mark.django_db(transaction=True)
def test_the_threads_of_a_turn_keep_their_connections(otto: User, sandbox: SandboxProcess, settings: Any) -> None:
    settings.BULK_THREADS = 3
    run = begun(otto, wanted(*(account(sandbox, f"No {number}") for number in range(9))))
    made: list[Any] = []
    connection_created.connect(note := lambda **told: made.append(told["connection"]))
    try:
        assert engine.work(str(run.pk)) == 9
    finally:
        connection_created.disconnect(note)
    assert outcomes(run) == ["succeeded"] * 9
    assert len(made) <= 3

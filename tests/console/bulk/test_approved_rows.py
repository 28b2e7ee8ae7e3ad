"""A run is approved as one act: its rows wait for nobody else; rows of a run that nobody approved do."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from console.approvals import deciding, exact
from console.approvals.models import Approval
from console.bulk import engine, runs
from console.bulk.models import BulkRow, BulkRun
from console.operations import attempts, door
from console.operations.admission import Denied
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people.models import User
from gateway.errors import Refused, Unreachable
from tests.console.acting import (
    PERMISSION,
    REASON,
    RENAME,
    RenameForm,
    account,
    creates,
    do,
    failing,
    person,
    registered,
    rename,
    settle,
    verb_that,
)
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("renaming")]
State = Operation.State
EVERY_TIME = '[verbs."tests.rename"]\nsandbox.always = true\n[verbs."tests.act"]\nsandbox.always = true\n'


@pytest.fixture
def renaming(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The policy wants a second person for every renaming."""
    path = tmp_path / "policy.toml"
    path.write_text(EVERY_TIME)
    settings.APPROVAL_POLICY = str(path)
    with registered():
        yield path


@pytest.fixture
def vera(db: None) -> User:
    return person("vera", PERMISSION, "console.approve_operation", "console.view_approval", "console.view_bulkrun")


def begun(user: User, ids: list[str], verb: Verb = RENAME) -> BulkRun:
    rows = [runs.Wanted(each) for each in ids]
    return runs.begin(verb, user=user, rows=rows, reason=REASON, common={"name": "Birch Ltd"})


def approve(user: User) -> None:
    approval = Approval.objects.get()
    found = exact.read(approval.operation)
    assert found
    deciding.approve(approval, user=user, seen=found.seen)


def test_rows_of_an_approved_run_do_not_wait_again(otto: User, vera: User, sandbox: SandboxProcess) -> None:
    ids = [account(sandbox, name) for name in ("Alder Ltd", "Cedar Ltd")]
    run = begun(otto, ids)
    assert run.state == BulkRun.State.DRAFT
    approve(vera)
    engine.work(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.outcomes()) == ("ended", {"succeeded": 2})
    assert [creates(sandbox, f"/v1/accounts/{each}") for each in ids] == [1, 1]
    assert Approval.objects.count() == 1


def test_failed_rows_of_it_are_tried_again_under_the_same_approval(
    otto: User, vera: User, sandbox: SandboxProcess
) -> None:
    about = {"about_account": True, "form": RenameForm}
    run = begun(otto, [account(sandbox)], failing(Refused("No such name", code="no"), **about))
    approve(vera)
    engine.work(str(run.pk))
    assert run.outcomes() == {"refused": 1}
    verb_that(rename, **about)
    run.refresh_from_db()
    assert runs.retry(run, otto) == 1
    engine.work(str(run.pk))
    assert run.outcomes() == {"succeeded": 1}
    assert Approval.objects.count() == 1


def test_what_was_approved_for_other_values_stands_for_no_row(otto: User, vera: User, sandbox: SandboxProcess) -> None:
    run = begun(otto, [account(sandbox)])
    approve(vera)
    BulkRun.objects.filter(pk=run.pk).update(common={"name": "Another Ltd"})
    engine.work(str(run.pk))
    assert BulkRow.objects.filter(run=run).told().get().outcome == State.AWAITING  # type: ignore[attr-defined]


@pytest.mark.parametrize("over", ["a day", "the policy"])
def test_what_was_approved_stands_for_a_day_and_under_its_policy(
    otto: User, vera: User, sandbox: SandboxProcess, renaming: Path, settings: Any, over: str
) -> None:
    run = begun(otto, [account(sandbox)])
    approve(vera)
    run.refresh_from_db()
    runs.stop(run, otto)
    if over == "a day":
        Operation.objects.update(approved_at=timezone.now() - timedelta(hours=25))
    else:
        another = renaming.with_name("another.toml")
        another.write_text(f"{EVERY_TIME}# another\n")
        settings.APPROVAL_POLICY = str(another)
    runs.resume(run, otto)
    engine.work(str(run.pk))
    assert run.outcomes() == {"awaiting": 1}


def test_rows_of_a_run_that_nobody_approved_wait_themselves(
    otto: User, sandbox: SandboxProcess, renaming: Path, settings: Any
) -> None:
    free = renaming.with_name("free.toml")
    free.write_text('[verbs."tests.rename"]\n')
    settings.APPROVAL_POLICY = str(free)
    run = begun(otto, [account(sandbox)])
    assert run.state == "running"
    settings.APPROVAL_POLICY = str(renaming)
    engine.work(str(run.pk))
    assert run.outcomes() == {"awaiting": 1}


def test_a_row_that_is_approved_when_its_run_was_stopped_waits_for_the_run(
    otto: User, vera: User, sandbox: SandboxProcess, renaming: Path, settings: Any
) -> None:
    free = renaming.with_name("free.toml")
    free.write_text('[verbs."tests.rename"]\n')
    settings.APPROVAL_POLICY = str(free)
    ids = [account(sandbox)]
    run = begun(otto, ids)
    settings.APPROVAL_POLICY = str(renaming)
    engine.work(str(run.pk))
    runs.stop(run, otto)
    approve(vera)
    operation = Operation.objects.get(bulk_row__run=run)
    assert settle(operation).state == State.INTENT
    assert creates(sandbox, f"/v1/accounts/{ids[0]}") == 0
    runs.resume(run, otto)
    assert settle(operation).state == State.SUCCEEDED


@pytest.mark.parametrize("tries", [[], ["a fault of ours"], ["no turn"]])
def test_what_was_approved_is_compared_until_a_try_may_have_arrived(
    otto: User, vera: User, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, tries: list[str]
) -> None:
    operation = do(RENAME, otto, account_id=account(sandbox), params={"name": "Birch Ltd"}).operation
    monkeypatch.setattr(door.connection, "crowded", lambda: True)
    approve(vera)
    for what in tries:
        problem = Unreachable(what, sent=False)
        attempts.put_off(operation, problem, doubt=False)
    monkeypatch.setattr(door.asking, "changed_since", lambda *_: True)
    assert settle(operation, timedelta(minutes=1)).state == State.REFUSED
    assert operation.error_message == door.asking.CHANGED["error_message"]


def test_rows_that_the_console_refused_after_it_had_begun_are_tried_again_and_no_others(
    otto: User, vera: User, sandbox: SandboxProcess
) -> None:
    known = runs.Wanted(account(sandbox, "Birch Ltd"), state="denied", why="It is closed.")
    rows = [runs.Wanted(account(sandbox, "Alder Ltd")), known]
    run = runs.begin(RENAME, user=otto, rows=rows, reason=REASON, common={"name": "Birch Ltd"})
    approve(vera)
    run.refresh_from_db()
    row = engine.claim(run, 1)[0]
    BulkRow.objects.filter(pk=row.pk).update(state="denied", attempts=1, claimed_by="", claimed_until=None)
    assert engine.finish(run)
    assert runs.retry(run, otto) == 1
    engine.work(str(run.pk))
    assert run.outcomes() == {"denied": 1, "succeeded": 1}
    with pytest.raises(Denied, match="not possible when this run was approved"):
        runs.retry(run, otto)

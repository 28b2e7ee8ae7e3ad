"""A run of which no row is due asks for no turn: the next sweep does, however long what it waits for takes."""

from typing import Any

import pytest
from django_q.models import OrmQ

from console.brakes import changes
from console.bulk import engine, runs
from console.bulk.models import BulkRun
from console.people.models import User
from gateway.errors import Unreachable
from tests.console.acting import REASON, RENAME, account, failing, person
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acting_verbs")]


def begun(user: User, account_id: str, verb: Any = RENAME) -> BulkRun:
    return runs.begin(verb, user=user, rows=[runs.Wanted(account_id)], reason=REASON, common={"name": "New"})


def turns_asked(run: BulkRun, executing: Any) -> int:
    before = OrmQ.objects.count()
    with executing(execute=True):
        engine.work(str(run.pk))
    return OrmQ.objects.count() - before


def test_a_run_under_a_brake(otto: User, sandbox: SandboxProcess, django_capture_on_commit_callbacks: Any) -> None:
    run = begun(otto, account(sandbox))
    changes.set_brake(person("ada", changes.SETS), "all", reason=REASON)
    assert [turns_asked(run, django_capture_on_commit_callbacks) for _ in range(2)] == [0, 0]
    assert run.outcomes() == {"waiting": 1}


def test_a_run_whose_operations_are_in_doubt(
    otto: User, sandbox: SandboxProcess, django_capture_on_commit_callbacks: Any
) -> None:
    run = begun(otto, account(sandbox), failing(Unreachable("No answer"), about_account=True))
    engine.work(str(run.pk))
    assert run.outcomes() == {"unknown": 1}
    assert turns_asked(run, django_capture_on_commit_callbacks) == 0

"""kill -9 within exports: each job ends, each row stands in its file once, and none is lost."""

import io
import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import openpyxl
import pytest

from tests.chaos.test_kills import databases, kill_one
from tests.stack import Stack, empty_postgres, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.prove]
ROWS, KILLS, EVERY = 6_000, 4, 1.0  # fewer kills than a workbook, which is begun again each time, is tried
FILL = """(
    [Account(id=name, account_id=name, data={{'id': name}}, as_of=1).save() for name in ['acct_1Jobs']],
    Transaction.objects.bulk_create([
        Transaction(id=f'ipi_{{n:06d}}', account_id='acct_1Jobs', data={{'id': f'ipi_{{n:06d}}'}}, as_of=1, amount=-n,
            currency='usd', type='capture', merchant_name=f'=Shop {{n}}',
            created=__import__('datetime').datetime.fromtimestamp(1790000000 + n // 7, __import__('datetime').UTC))
        for n in range({rows})]),
) and Transaction.objects.count()"""

CANCEL = (
    "__import__('console.jobs.jobs', fromlist=['']).cancel(Job.objects.get(pk='{}'),"
    " user=User.objects.get(username='demo'))"
)


@pytest.fixture(params=databases())
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose jobs give way after each step."""
    with ExitStack() as ends:
        url = ends.enter_context(empty_postgres()) if request.param == "postgres" else ""
        short = {"JOB_TURN": "0", "CLAIM_SECONDS": "3"}
        yield ends.enter_context(Stack(tmp_path_factory.mktemp("jobs"), database_url=url, **short))


def begin(stack: Stack, form: str) -> str:
    """An export of all transactions."""
    words = ("--set", "list=issuing.transaction", "--set", f"format={form}", "--as", "demo")
    return stack.manage("job", "export", *words).strip()


def job(stack: Stack, job_id: str) -> Any:
    """Its state, what is done, and its error."""
    return stack.ask(f"[(j.state, j.done, j.error) for j in Job.objects.filter(pk='{job_id}')][0]")


def test_exports_survive_kills_whole_and_single(stack: Stack) -> None:
    assert stack.ask(FILL.format(rows=ROWS)) == ROWS
    chance = random.Random(20261126)
    jobs = [begin(stack, "csv"), begin(stack, "xlsx")]
    for _ in range(KILLS):
        time.sleep(EVERY)
        kill_one(stack, chance)
    for job_id in jobs:
        wait_until(lambda job_id=job_id: job(stack, job_id)[0] in ("succeeded", "failed"), 120, stack.logs())
        assert job(stack, job_id) == ["succeeded", ROWS, ""]
    lines = (stack.var_dir / "jobs" / jobs[0]).read_text("utf-8-sig").splitlines()
    ids = [line.split('","')[1] for line in lines[1:]]
    assert len(ids) == len(set(ids)) == ROWS
    assert ids == sorted(ids, reverse=True), "newest first, as in the list"
    book = io.BytesIO((stack.var_dir / "jobs" / jobs[1]).read_bytes())
    sheet = openpyxl.load_workbook(book, read_only=True).active
    assert [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)] == ids
    made = "list(AuditEntry.objects.filter(action='export.made').values_list('plain_detail__rows', flat=True))"
    assert stack.ask(made) == [ROWS, ROWS], "each is told once"


def test_a_cancelled_export_goes_on_where_it_was(stack: Stack) -> None:
    assert stack.ask(FILL.format(rows=ROWS)) == ROWS
    job_id = begin(stack, "csv")
    wait_until(lambda: job(stack, job_id)[1] > 0, 60, "a first step" + stack.logs())
    assert stack.ask(CANCEL.format(job_id))
    wait_until(lambda: job(stack, job_id)[0] == "cancelled", 30, "cancelled" + stack.logs())
    assert 0 < job(stack, job_id)[1] < ROWS
    stack.manage("jobs", "--resume", job_id, "--as", "demo")
    wait_until(lambda: job(stack, job_id)[0] == "succeeded", 60, "resumed" + stack.logs())
    lines = (stack.var_dir / "jobs" / job_id).read_text("utf-8-sig").splitlines()
    assert len(lines) == len(set(lines)) == ROWS + 1
    assert os.stat(stack.var_dir / "jobs" / job_id).st_mode & 0o777 == 0o600

"""Works the rows of bulk runs off, in the worker: each once, whenever a process is killed.

Rows are claimed, then their operations are made through the one door (console.bulk.batches) under the rows' own form
tokens, with the commit that gives the rows away. What becomes of an operation that is in doubt is its own affair.

The threads of a turn keep their connections, to the database and to Stripe, from its first row to its last.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from django.db import connections, transaction
from django.db.models import F
from django.utils import timezone

from console.bulk import batches, control
from console.bulk.models import FAILED, BulkRow, BulkRun
from console.operations import verbs
from console.operations.models import Operation
from console.people.models import User
from gateway import budget, claims, connection, queue
from gateway.sweep import QUEUED

logger = logging.getLogger(__name__)
WORK = "console.bulk.engine.work"
TURN = 2.0  # seconds of one task: then others in the queue have theirs
ASKED_LASTS = 10.0  # seconds after which a turn that was asked for and never began is taken for lost
MOST = 16  # rows that go together: so many are under way when a run is stopped, for each thread
QUICK = 0.5  # seconds: twice as many go together next where these took no longer, and else one
LATELY = 1.0  # seconds after which it is asked again whether the run's person may still do it
State = BulkRow.State
UNFINISHED = (State.WAITING, State.GIVEN, Operation.State.AWAITING, *Operation.UNSETTLED)


def wake(run: BulkRun) -> None:
    """Have the worker go on with this run, unless it was asked to and has not begun: turns never pile up."""
    if run.state == BulkRun.State.RUNNING and queue.take_turn(_turn(run.pk), ASKED_LASTS):
        queue.enqueue(WORK, str(run.pk))


def _turn(run_id: object) -> str:
    return f"bulk run {run_id}"


def sweep() -> int:
    """For gateway.sweep: have every run go on that no process works at; how many there are."""
    runs = list(BulkRun.objects.running())
    for run in runs:
        if not _worked_at(run):
            wake(run)
    return len(runs)


def work(run_id: str) -> int:
    """The task: rows of one run for TURN seconds, then in the queue again; how many were worked off.

    Safe to run twice and at once. It goes on at the next sweep instead where Stripe could not be reached, and where no
    row is due: rows that a brake stops, operations that are in doubt or wait for a second person.
    """
    queue.begun(_turn(run_id))
    run = _running(run_id)
    if run is None or _worked_at(run):
        return 0
    turn = Turn(run_id, time.monotonic() + TURN)
    turn.work_off()
    time_is_up = time.monotonic() >= turn.end  # else no row is due, and turn would follow turn without doing anything
    if turn.smooth and not finish(run) and time_is_up:
        wake(run)
    return turn.done


def _running(run_id: str) -> BulkRun | None:
    """The run with its person, where it goes on. One query."""
    return BulkRun.objects.running().filter(pk=run_id).select_related("user", "work_session").first()


@dataclass
class Turn:
    """One task's time with a run. `smooth` ends where a row shows that Stripe cannot be reached now."""

    run_id: str
    end: float
    done: int = 0
    smooth: bool = True

    def work_off(self) -> None:
        """Rows, several at once, until the end or until none is left."""
        if settings.BULK_THREADS == 1:
            self.done = self._rows()
            return
        with ThreadPoolExecutor(settings.BULK_THREADS, thread_name_prefix="bulk") as pool:
            self.done = sum(pool.map(self._in_thread, range(settings.BULK_THREADS)))

    def _in_thread(self, _: int) -> int:
        try:
            return self._rows()
        finally:
            connections.close_all()

    def _rows(self) -> int:
        """Rows, some at once; how many. The run is read anew: no two threads share its person."""
        run, done, many = _running(self.run_id), 0, 1
        while run and self.smooth and time.monotonic() < self.end and (rows := claim(run, many)):
            began = time.monotonic()
            reached = do(run, rows, lane=budget.URGENT if run.urgent else budget.BULK)
            self.smooth = self.smooth and reached
            done += len(rows)
            many = min(many * 2, MOST) if time.monotonic() - began < QUICK else 1
        return done


def work_while_waited_for(run: BulkRun, seconds: float) -> None:
    """Rows of a run in this process, one after the other, for as long as a person may wait and others can be served."""
    end = time.monotonic() + seconds
    while run.state == BulkRun.State.RUNNING and not connection.crowded():
        if time.monotonic() >= end or not (rows := claim(run, 1)):
            break
        if not do(run, rows, lane=budget.URGENT if run.urgent else budget.PERSON):
            return
    finish(run)


def claim(run: BulkRun, many: int) -> list[BulkRow]:
    """The next rows of the run, held by us, each as it was before. Two statements."""
    due = BulkRow.objects.due().filter(run=run).order_by("position")
    return due.claim(by=claims.claim_name(), limit=many, skip_locked=True, attempts=F("attempts") + 1)


def do(run: BulkRun, rows: Sequence[BulkRow], *, lane: budget.Lane) -> bool:
    """Rows that we hold, unless their run was stopped meanwhile; False where Stripe could not be reached.

    Those that nobody has tried yet go together. The others go one by one: what ended a process takes no neighbours
    along.
    """
    _look_at_person(run)
    verb = verbs.find(run.verb)
    if (sentence := control.objection(verb, run)) or verb is None:
        control.stop(run, None, sentence)
        BulkRow.objects.held(rows[0].claimed_by).release()
        return True
    untried = [row for row in rows if not row.attempts]
    parts = [untried] if untried else []
    parts += [[row] for row in rows if row.attempts]
    try:
        with budget.lane(lane):
            return all(batches.do(verb, run, part) for part in parts)
    finally:
        BulkRow.objects.held(rows[0].claimed_by).release()  # what was stopped meanwhile, or did not have its turn


def _look_at_person(run: BulkRun) -> None:
    """Have the run's person, and what they may, be as they were at most LATELY seconds ago."""
    if time.monotonic() - run.person_as_of > LATELY:
        run.person_as_of = time.monotonic()
        run.user = User.objects.get(pk=run.user_id)  # a new one: what one may is kept on the old


def finish(run: BulkRun) -> bool:
    """End the run where no row waits and every operation is settled; whether it ended now."""
    with transaction.atomic():  # locked: nobody lets a row wait again meanwhile
        running = BulkRun.objects.select_for_update(no_key=True).filter(pk=run.pk, state=BulkRun.State.RUNNING)
        if not running.exists() or BulkRow.objects.waiting().filter(run=run).exists():
            return False  # the outcomes are read once no row waits: they are as many as the run has rows
        outcomes = run.outcomes()
        if any(outcomes.get(name) for name in UNFINISHED):
            return False
        failed = sum(outcomes.get(name, 0) for name in FAILED)
        ended = {"state": BulkRun.State.ENDED, "ended_at": timezone.now(), "failed": failed}
        running.update(**ended, needs_a_person=failed > 0, lost=outcomes.get(Operation.State.NOT_FOUND, 0))
    run.refresh_from_db()
    return True


def _worked_at(run: BulkRun) -> bool:
    """Whether a live process holds a row of it, or an operation that it is sending. Two queries at most."""
    rows = BulkRow.objects.waiting().filter(run=run, claimed_until__gt=timezone.now())
    sending = Operation.objects.waiting().filter(bulk_row__run=run, claimed_until__gt=timezone.now())
    sending = sending.filter(state=Operation.State.SENDING).exclude(claimed_by=QUEUED)
    held = (each.values_list("claimed_by", flat=True)[:1] for each in (rows, sending))
    return any(not claims.is_dead(name) for names in held for name in names)

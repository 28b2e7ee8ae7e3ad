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
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models import F
from django.utils import timezone

from console.bulk import batches, control
from console.bulk.models import FAILED, BulkRow, BulkRun
from console.operations import verbs
from console.operations.many import Reach
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people.models import User
from gateway import budget, claims, connection, queue
from gateway.sweep import QUEUED

logger = logging.getLogger(__name__)
WORK = "console.bulk.engine.work"
TURN = 2.0  # seconds of one task: then others in the queue have theirs
ASKED_LASTS = 10.0  # seconds after which a turn that was asked for and never began is taken for lost
MOST = 16  # rows that go together: so many are in doubt when a process is killed, for each thread
QUICK = 0.5  # seconds: twice as many go together next where these took no longer, and else one
ASIDE = 30.0  # seconds until rows are tried again, one by one, at which we failed ourselves
URGENT_AGAIN = timedelta(seconds=5)  # until an urgent run goes on where Stripe could not be reached
OF_THE_DATABASE = (OperationalError, InterfaceError)  # its trouble, and no fault of a row
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

    Safe to run twice and at once. It goes on at the next sweep instead where Stripe could not be reached (an urgent run
    after URGENT_AGAIN), and where no row is due: rows that a brake stops, operations that are in doubt or wait for a
    second person. Raises, at its end, what was a fault of ours.
    """
    queue.begun(_turn(run_id))
    run = _running(run_id)
    if run is None or _worked_at(run):
        return 0
    turn = Turn(run_id, time.monotonic() + TURN)
    turn.work_off()
    time_is_up = time.monotonic() >= turn.end  # else no row is due, and turn would follow turn without doing anything
    if not finish(run) and not turn.smooth and run.urgent:
        time.sleep(URGENT_AGAIN.total_seconds())
        wake(run)
    elif turn.smooth and time_is_up:
        wake(run)
    if turn.fault:
        raise turn.fault
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
    fault: Exception | None = None  # ours, met on the way: its rows were put aside, the others go on

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
        lane = budget.URGENT if run and run.urgent else budget.BULK
        reach = Reach(URGENT_AGAIN) if run and run.urgent else Reach()
        while run and self.smooth and time.monotonic() < self.end and (rows := claim(run, many)):
            began = time.monotonic()
            try:
                reached = do(run, rows, lane=lane, reach=reach)
            except OF_THE_DATABASE:
                raise
            except Exception as fault:  # noqa: BLE001  (raised when the turn has ended)
                self.fault, reached = fault, True
            self.smooth = self.smooth and reached
            done += len(rows)
            many = min(many * 2, MOST) if time.monotonic() - began < QUICK else 1
        return done


def work_while_waited_for(run: BulkRun, seconds: float) -> None:
    """Rows of a run in this process, one after the other, for as long as a person may wait and others can be served.

    The worker goes on at once with what is left.
    """
    end, reach = time.monotonic() + seconds, Reach()
    lane = budget.URGENT if run.urgent else budget.PERSON
    while run.state == BulkRun.State.RUNNING and not connection.crowded():
        if time.monotonic() >= end or not (rows := claim(run, 1)):
            break
        try:
            reached = do(run, rows, lane=lane, reach=reach)
        except OF_THE_DATABASE:
            raise
        except Exception:  # noqa: BLE001  (it is logged, and the row put aside: the run has begun all the same)
            reached = False
        if not reached:
            break
    if not finish(run):
        wake(run)


def claim(run: BulkRun, many: int) -> list[BulkRow]:
    """The next rows of the run, held by us, each as it was before. Two statements."""
    due = BulkRow.objects.due().filter(run=run).order_by("position")
    return due.claim(by=claims.claim_name(), limit=many, skip_locked=True, attempts=F("attempts") + 1)


def do(run: BulkRun, rows: Sequence[BulkRow], *, lane: budget.Lane, reach: Reach | None = None) -> bool:
    """Rows that we hold, unless their run was stopped meanwhile; False where Stripe cannot be reached, as far as
    `reach` knows.

    Those that nobody has tried yet go together. The others go one by one: what ended a process, or is a fault of ours,
    takes no neighbours along. Raises such a fault, its rows put aside.
    """
    reach = reach or Reach()
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
            for part in parts:
                if not reach.lost:
                    _do(verb, run, part, reach)
    finally:
        BulkRow.objects.held(rows[0].claimed_by).release()  # what was stopped meanwhile, or did not have its turn
    return not reach.lost


def _do(verb: Verb, run: BulkRun, part: Sequence[BulkRow], reach: Reach) -> None:
    try:
        batches.do(verb, run, part, reach)
    except OF_THE_DATABASE:
        raise
    except Exception as fault:
        where = ", ".join(str(row.position) for row in part)
        logger.error("bulk run %s, at row %s: %s", run.pk, where, type(fault).__name__, exc_info=settings.DEBUG)
        batches.ours(part).pause(ASIDE)  # the attempt counts: after CRASHES of them the row is given up
        raise


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
    """Whether a live process holds a row of it, or an operation that it sends for the first time. Two queries at most.

    What is sent again goes by itself, and nobody who does that goes on with the rows.
    """
    rows = BulkRow.objects.waiting().filter(run=run, claimed_until__gt=timezone.now())
    sending = Operation.objects.waiting().filter(bulk_row__run=run, claimed_until__gt=timezone.now())
    sending = sending.filter(state=Operation.State.SENDING, attempts=1).exclude(claimed_by=QUEUED)
    held = (each.values_list("claimed_by", flat=True)[:1] for each in (rows, sending))
    return any(not claims.is_dead(name) for names in held for name in names)

"""Works the rows of bulk runs off, in the worker: each once, whenever a process is killed.

A row is claimed, then its operation is made through the one door under the row's own form token. A process that is
killed between the two leaves a row that waits and an operation that is there: the next one finds it by the token, and
nothing is sent twice. What becomes of an operation that is in doubt is the operation's own affair.

The threads of a turn keep their connections, to the database and to Stripe, from its first row to its last.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from django.db import connections, transaction
from django.db.models import F
from django.utils import timezone

from console.bulk import control
from console.bulk.models import FAILED, BulkRow, BulkRun
from console.bulk.rows import check_shown
from console.operations import door, verbs
from console.operations.attempts import BRAKED_PAUSE, plain
from console.operations.door import Braked, Denied
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people.models import User
from gateway import budget, claims, queue

logger = logging.getLogger(__name__)
WORK = "console.bulk.engine.work"
TURN = 2.0  # seconds of one task: then others in the queue have theirs
ASKED_LASTS = 10.0  # seconds after which a turn that was asked for and never began is taken for lost
AHEAD = 4  # rows that a thread claims at once
LATELY = 1.0  # seconds after which it is asked again whether the run's person may still do it
GIVEN_UP = "Nothing was sent: each attempt at this row ended the process that made it. Its log says why."
State = BulkRow.State
CHANGED_SINCE = "Nothing was sent: what the line leaves as it is was changed after the file was read"
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
        """Rows one after the other; how many. The run is read anew: no two threads share its person."""
        run, done = _running(self.run_id), 0
        while run and self.smooth and time.monotonic() < self.end and (rows := claim(run, AHEAD)):
            lane = budget.URGENT if run.urgent else budget.BULK
            reached = [do(run, row, lane=lane) for row in rows]
            self.smooth = self.smooth and all(reached)
            done += len(rows)
        return done


def work_while_waited_for(run: BulkRun, seconds: float) -> None:
    """Rows of a run in this process, one after the other, for as long as a person may wait."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and run.state == BulkRun.State.RUNNING and (rows := claim(run, 1)):
        if not do(run, rows[0], lane=budget.URGENT if run.urgent else budget.PERSON):
            return
    finish(run)


def claim(run: BulkRun, many: int) -> list[BulkRow]:
    """The next rows of the run, held by us. Two statements."""
    due = BulkRow.objects.due().filter(run=run).order_by("position")
    return due.claim(by=claims.claim_name(), limit=many, skip_locked=True)


def do(run: BulkRun, row: BulkRow, *, lane: budget.Lane) -> bool:
    """One row that we hold, unless its run was stopped meanwhile; False where Stripe could not be reached."""
    mine = BulkRow.objects.held(row.claimed_by).filter(pk=row.pk)
    _look_at_person(run)
    verb = verbs.find(run.verb)
    if (sentence := control.objection(verb, run)) or verb is None:
        control.stop(run, None, sentence)
    goes_on = mine.filter(run__state=BulkRun.State.RUNNING)
    if not goes_on.update(claimed_until=BulkRow.claim_ends(), attempts=F("attempts") + 1) or verb is None:
        mine.release()
        return True
    if row.attempts >= claims.CRASHES:
        made = Operation.objects.filter(form_token=row.form_token).first()
        ended = {"state": State.GIVEN, "operation": made} if made else {"state": State.DENIED, "why": GIVEN_UP}
        mine.settle(**ended)
        return True
    try:
        _check_carried(verb, row)
        check_shown(verb, run, row)
        operation = _perform(verb, run, row, lane)
    except Braked as braked:  # no attempt: it goes on when the brake is lifted
        mine.put_off(timezone.now() + BRAKED_PAUSE, why=str(braked), attempts=F("attempts") - 1)
        return True
    except Denied as denied:
        mine.settle(state=State.DENIED, why=str(denied))
        return True
    mine.settle(state=State.GIVEN, operation=operation, why="")
    return operation.state not in (Operation.State.INTENT, Operation.State.UNKNOWN)


def _look_at_person(run: BulkRun) -> None:
    """Have the run's person, and what they may, be as they were at most LATELY seconds ago."""
    if time.monotonic() - run.person_as_of > LATELY:
        run.person_as_of = time.monotonic()
        run.user = User.objects.get(pk=run.user_id)  # a new one: what one may is kept on the old


def _check_carried(verb: Verb, row: BulkRow) -> None:
    """Raise Denied where what a line carries along was changed since: it would be set back."""
    if not row.carried or Operation.objects.filter(form_token=row.form_token).exists():
        return
    now = plain(verb.initial(verb.row(row.account_id, row.object_id)))
    if changed := [name for name in row.carried if now.get(name) != row.params.get(name)]:
        raise Denied(f"{CHANGED_SINCE} ({', '.join(changed)}).")


def _perform(verb: Verb, run: BulkRun, row: BulkRow, lane: budget.Lane) -> Operation:
    """The row's operation: made now, or found by its token."""
    session = run.work_session
    with budget.lane(lane):
        performed = door.perform(
            verb,
            user=run.user,
            params={**run.common, **row.params},
            reason=run.reason,
            ticket=run.ticket,
            form_token=row.form_token,
            account_id=row.account_id,
            account_name=row.account_name,
            object_id=row.object_id,
            via=run.via,
            work_session=session if session and session.account_id == row.account_id else None,
            of_run=True,
            approved=run.approved,
        )
    return performed.operation


def finish(run: BulkRun) -> bool:
    """End the run where no row waits and every operation is settled; whether it ended now."""
    with transaction.atomic():  # locked: nobody lets a row wait again meanwhile
        running = BulkRun.objects.select_for_update().filter(pk=run.pk, state=BulkRun.State.RUNNING)
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
    """Whether a live claim holds a row of it."""
    held = BulkRow.objects.waiting().filter(run=run, claimed_until__gt=timezone.now())
    return any(not claims.is_dead(name) for name in held.values_list("claimed_by", flat=True)[:1])

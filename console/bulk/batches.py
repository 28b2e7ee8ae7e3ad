"""Rows of a bulk run that go together: let through the door, begun with one commit, called, settled with another."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from console.brakes.standing import WATCHED, Watch
from console.bulk.models import BulkRow, BulkRun
from console.bulk.rows import check_shown, gather_shown
from console.operations import door, many
from console.operations.admission import Braked, Denied, admit_row
from console.operations.attempts import BRAKED_PAUSE, plain
from console.operations.many import Act, Reach
from console.operations.models import Operation
from console.operations.verbs import Verb
from gateway import claims
from gateway.commits import durable
from gateway.mirror import Mirror

State = BulkRow.State
CHANGED_SINCE = "Nothing was sent: what the line leaves as it is was changed after the file was read"
GIVEN_UP = "Nothing was sent: each attempt at this row broke off in the console itself. Its log says why."


@dataclass
class Stops:
    """What keeps rows of a run from being sent now: a brake, or that it was stopped; half a second old at most."""

    watch: Watch
    run: BulkRun
    running: bool = True
    as_of: float = field(default_factory=time.monotonic)

    def __call__(self, operation: Operation) -> bool:
        """Whether this one may not be sent."""
        if time.monotonic() - self.as_of > WATCHED:
            self.running = BulkRun.objects.filter(pk=self.run.pk, state=BulkRun.State.RUNNING).exists()
            self.as_of = time.monotonic()
        return not self.running or bool(self.watch.objection(operation.account_id, operation.params))


def do(verb: Verb, run: BulkRun, rows: Sequence[BulkRow], reach: Reach) -> None:
    """These rows, which one claim of ours holds, until `reach` is lost."""
    stops = Stops(Watch(verb), run)
    acts = {row.pk: act for row, act in _admitted(verb, run, rows, stops.watch)}
    ready = [row for row in rows if row.pk in acts]
    try:
        begun = _begin(run, ready, acts)
    except IntegrityError:
        if len(ready) == 1:
            _found(verb, ready[0], acts[ready[0].pk].operation)
        for row in ready if len(ready) > 1 else ():
            if not reach.lost:
                do(verb, run, [row], reach)
        return
    many.send(verb, begun, stops, reach)


def ours(rows: Sequence[BulkRow]) -> "claims.ClaimedQuerySet[BulkRow]":
    """Those of the rows that still wait under our claim."""
    return BulkRow.objects.held(rows[0].claimed_by).filter(pk__in=[row.pk for row in rows])


def _admitted(verb: Verb, run: BulkRun, rows: Sequence[BulkRow], watch: Watch) -> list[tuple[BulkRow, Act]]:
    """Those that may be sent, each with its intent; the others are settled or put off. Two queries for those."""
    about = verb.rows((row.account_id, row.object_id) for row in rows) if verb.asks_row else {}
    gather_shown(verb, run, rows, about)
    admitted, braked = [], []
    for row in rows:
        try:
            admitted.append((row, _admit(verb, run, row, about.get((row.account_id, row.object_id)), watch)))
        except Braked as stopped:  # no attempt: it goes on when the brake is lifted
            ours([row]).put_off(timezone.now() + BRAKED_PAUSE, why=str(stopped), attempts=F("attempts") - 1)
            braked.append(row)
        except Denied as denied:
            ours([row]).settle(state=State.DENIED, why=str(denied))
    _look_again(verb, run, braked)
    return admitted


def _look_again(verb: Verb, run: BulkRun, braked: Sequence[BulkRow]) -> None:
    """Have those wait no longer whose brake was lifted while they were put off."""
    now = Watch(verb)
    free = [row for row in braked if not now.objection(row.account_id, {**run.common, **row.params})]
    put_off = BulkRow.objects.waiting().filter(pk__in=[row.pk for row in free], claimed_until=None)
    if free:
        put_off.update(next_try_at=timezone.now(), why="")


def _admit(verb: Verb, run: BulkRun, row: BulkRow, about: Mirror | None, watch: Watch) -> Act:
    """The row's intent. Raises Denied, Braked."""
    if row.attempts >= claims.CRASHES and not _operation(row):
        raise Denied(GIVEN_UP)
    _check_carried(verb, row, about)
    check_shown(verb, run, row, about)
    row.was_so = about is not None and bool(verb.already(about))  # sent all the same: the mirror may be late
    session, params = run.work_session, {**run.common, **row.params}
    intent = door.new(
        verb,
        user=run.user,
        reason=run.reason,
        ticket=run.ticket,
        form_token=row.form_token,
        account_id=row.account_id,
        account_name=row.account_name,
        object_id=row.object_id,
        via=run.via,
        work_session=session if session and session.account_id == row.account_id else None,
        claimed_by=row.claimed_by,
    )
    admit_row(verb, intent, params, about, watch.objection(row.account_id, params))
    values = door.keep(intent, verb, params)
    return Act(intent, values, None if run.approved else door.second(verb, intent, values, rows=1))


def _check_carried(verb: Verb, row: BulkRow, about: Mirror | None) -> None:
    """Raise Denied where what a line carries along was changed since: it would be set back."""
    if not row.carried or _operation(row):
        return
    now = plain(verb.initial(about))
    if changed := [name for name in row.carried if now.get(name) != row.params.get(name)]:
        raise Denied(f"{CHANGED_SINCE} ({', '.join(changed)}).")


def _operation(row: BulkRow) -> Operation | None:
    """What an earlier attempt at the row made, if it came so far."""
    return Operation.objects.filter(form_token=row.form_token).first()


def _begin(run: BulkRun, rows: Sequence[BulkRow], acts: dict[int, Act]) -> list[Act]:
    """Commit the intents of these rows and give the rows away to them; those whose run was not stopped meanwhile.

    Raises IntegrityError where a row has an operation.
    """
    if not rows:
        return []
    with durable():
        mine = ours(rows).filter(run__state=BulkRun.State.RUNNING)
        held = set(mine.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        given = [row for row in rows if row.pk in held]
        begun = [acts[row.pk] for row in given]
        many.intend(begun)
        for row, act in zip(given, begun, strict=True):
            row.operation = act.operation
        BulkRow.objects.bulk_update(given, ["operation", "was_so"])
        BulkRow.objects.filter(pk__in=held).settle(state=State.GIVEN, why="")
    return begun


def _found(verb: Verb, row: BulkRow, intent: Operation) -> None:
    """Give the row to the operation that its form made before."""
    first = _operation(row)
    if first is None:  # it is of another: what was wrong is not known
        raise IntegrityError(row.form_token)
    try:
        door.refuse_another_use(verb, first, intent)
    except Denied as denied:
        ours([row]).settle(state=State.DENIED, why=str(denied))
        return
    ours([row]).settle(state=State.GIVEN, operation=first, why="")

"""Undoing what a bulk run changed, by a run of the inverse verb."""

from collections.abc import Iterable
from typing import Any

from console.bulk import engine
from console.bulk.control import under_way
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import BATCH, Denied, Wanted, begin
from console.operations import verbs
from console.operations.admission import held_by
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people.models import User
from console.viewing import sessions
from console.viewing.held import Held, held
from console.viewing.models import WorkSession
from gateway.mirror import account_model

NOTHING_CAME = (*Operation.CAME_TO_NOTHING, Operation.State.AWAITING)  # a change that waits for a second person, too
IN_DOUBT = "Whether this run changed it is not known yet: undo again when it is."


def undo(run: BulkRun, user: User, reason: str, *, ticket: str = "", form_token: str = "") -> BulkRun:
    """A new run of the inverse verb over what this run changed and nobody changed since.

    Each row that it leaves out says why. Raises Denied where the verb has no inverse, while the run goes on or rows of
    it are on their way, where nothing is left to undo or all of it is held by the person's work session, and as `begin`
    does.
    """
    verb = verbs.find(run.verb)
    inverse = verbs.find(verb.inverse) if verb else None
    if verb is None or inverse is None:
        raise Denied(f"“{verb.label if verb else run.verb}” cannot be undone for many.")
    _check_over(run)
    rows = undoable(run, verb, inverse)
    able = [row for row in rows if row.state == BulkRow.State.WAITING]
    if not able and any(row.why == IN_DOUBT for row in rows):
        raise Denied("What this run changed is not known yet: its rows are in doubt. Undo it when they are settled.")
    if not able:
        raise Denied("Nothing of this run is left to undo: what it changed was changed again since.")
    session = sessions.open_of(user)
    way = held_by(session, inverse, Operation(account_id=session.account_id)) if session else None
    if session and way and all(row.account_id == session.account_id for row in able):
        raise Denied(way.sentence)
    return begin(
        inverse, user=user, rows=rows, reason=reason, ticket=ticket, via=run.via, undo_of=run, form_token=form_token
    )


def held_of(session: WorkSession | None, runs: Iterable[BulkRun]) -> Held | None:
    """What the person's open session says against undoing what these runs changed of its account. One query at most."""
    way = held(session, session.account_id) if session else None
    if session is None or way is None:
        return None
    rows = BulkRow.objects.filter(run__in=list(runs), account_id=session.account_id)
    return way if rows.perhaps_changed().exists() else None


def _check_over(run: BulkRun) -> None:
    """Raise Denied while anything of it may be sent: what is changed a moment later would not be undone."""
    engine.finish(run)
    run.refresh_from_db(fields=["state"])
    if run.state == BulkRun.State.RUNNING:
        raise Denied("This run goes on. Stop it first, then undo it.")
    if many := under_way(run):
        raise Denied(f"{many:,} of its rows {'is' if many == 1 else 'are'} still on the way: undo it in a moment.")


def undoable(run: BulkRun, verb: Verb, inverse: Verb) -> list[Wanted]:
    """A row for each that the run changed, left out with its reason where undoing would change what others did since,
    and where it is not known whether it was changed.

    Two queries for each BATCH rows.
    """
    changed = list(BulkRow.objects.filter(run=run).perhaps_changed().select_related("operation"))
    parts = (changed[at : at + BATCH] for at in range(0, len(changed), BATCH))
    return [wanted for part in parts for wanted in _undoable(part, verb, inverse)]


def _undoable(rows: list[BulkRow], verb: Verb, inverse: Verb) -> Iterable[Wanted]:
    found: dict[str, Any] = (verb.noun or account_model()).objects.in_bulk([row.target for row in rows])
    name = "object_id" if verb.noun else "account_id"
    about = Operation.objects.filter(**{f"{name}__in": [row.target for row in rows]}, created_at__gte=_first(rows))
    later: dict[str, Operation] = {}
    for operation in about.exclude(state__in=NOTHING_CAME).order_by("created_at").select_related("user"):
        later[getattr(operation, name)] = operation
    for row in rows:
        why = _left_out(row, verb, inverse, found.get(row.target), later.get(row.target))
        state = BulkRow.State.LEFT_OUT if why else BulkRow.State.WAITING
        yield Wanted(row.account_id, row.account_name, row.object_id, state=state, why=why)


def _first(rows: list[BulkRow]) -> Any:
    return min(row.operation.created_at for row in rows if row.operation)


def _left_out(row: BulkRow, verb: Verb, inverse: Verb, of: Any, last: Operation | None) -> str:
    if row.operation and row.operation.state == Operation.State.UNKNOWN:
        return IN_DOUBT
    if row.was_so:
        return "Was so already before this run."
    if of is None:
        return "It is not here any more."
    if last and last.pk != row.operation_id:
        return f"Was changed since, by {last.user.get_username()} at {last.created_at:%Y-%m-%d %H:%M} UTC."
    if not verb.already(of):
        return "Is not any more as this run left it."
    return inverse.objection(of)

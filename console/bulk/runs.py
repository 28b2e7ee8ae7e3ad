"""Bulk runs: drafted, begun, stopped, resumed and tried again. console.bulk.engine works their rows off."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, CharField, F, Value, When
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone
from django.utils.crypto import salted_hmac

from console.approvals.load import Load
from console.bulk import engine
from console.bulk.control import admit, check_control, objection, record, stop, why_second
from console.bulk.forgetting import is_personal
from console.bulk.models import BEGIN, BulkRow, BulkRun
from console.bulk.rows import digest, keep_shown, parts, waiting, weigh
from console.operations import attempts, door, verbs
from console.operations.admission import Denied, held_by
from console.operations.forms import fresh_token
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people.models import User
from console.viewing import sessions
from console.viewing.models import WorkSession
from gateway import claims
from gateway.commits import durable

__all__ = ["BEGIN", "Denied", "Wanted", "begin", "draft", "resume", "retry", "start", "stop"]

WRITING = timedelta(seconds=60)  # longer than it takes to write the rows of a run
MOST = 10_000  # rows of a run
BATCH = 500  # rows written by one statement: a short transaction
State = BulkRun.State


@dataclass(frozen=True)
class Wanted:
    """One row as it is wanted. `state` and `why`: where it is known before that nothing is done with it."""

    account_id: str
    account_name: str = ""
    object_id: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    form_token: str = ""  # of the row in a form that was drawn; a fresh one otherwise
    position: int = 0  # of a file, its line; the place in the list otherwise
    state: str = BulkRow.State.WAITING
    why: str = ""
    carried: list[str] = field(default_factory=list)


def begin(
    verb: Verb,
    *,
    user: User,
    rows: Sequence[Wanted],
    reason: str,
    ticket: str = "",
    via: str = "action",
    common: dict[str, Any] | None = None,
    work_session: WorkSession | None = None,
    urgent: bool = False,
    undo_of: BulkRun | None = None,
    form_token: str = "",
) -> BulkRun:
    """A run over these rows, committed; the worker goes on. The same `form_token` again gives the first run.

    Rows of an account that the person looks at (or is not working in) are stored as not possible, with the sentence.
    Raises Denied: without the verb's permission or a reason, for none or more than MOST rows, for a verb that is done
    for one at a time, where the form was used for something else. Never inside a transaction.
    """
    run = BulkRun(
        verb=verb.name,
        user=user,
        via=via,
        reason=reason.strip(),
        ticket=ticket,
        common=attempts.plain(common or {}),
        work_session=work_session,
        urgent=urgent,
        undo_of=undo_of,
        form_token=form_token or fresh_token(),
    )
    admit(verb, run)
    drafted = draft(run, rows)
    return _begun_or_asked(drafted) if drafted.state == State.DRAFT else drafted


def draft(run: BulkRun, rows: Sequence[Wanted]) -> BulkRun:
    """The run with its rows, not begun yet; or the one that its form made before. Several short transactions.

    Raises Denied where that form was used for other rows or values, or where nothing or too much was wanted.
    """
    if not rows:
        raise Denied("There is nothing to do: no row was chosen.")
    if len(rows) > MOST:
        raise Denied(f"At most {MOST:,} rows at once; {len(rows):,} were chosen.")
    run.digest = _digest(run, rows)
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        first = BulkRun.objects.filter(form_token=run.form_token).first()
        if first is None:
            raise
        if first.digest != run.digest:
            raise Denied(f"This form was sent before, with other values: {first.get_absolute_url()}.") from None
        if first.total:
            return first
        if first.created_at > timezone.now() - WRITING:
            raise Denied("This run is just being written down: look again in a moment.") from None
        run = first  # its process ended while it wrote the rows: they are written anew
    with transaction.atomic():
        BulkRow.objects.filter(run=run).delete()
    verb = verbs.get(run.verb)
    made = [_row(run, number, wanted) for number, wanted in enumerate(_with_held(verb, run, rows), 1)]
    for at in range(0, len(made), BATCH):
        BulkRow.objects.bulk_create(made[at : at + BATCH])
    run.total, run.load = len(made), weigh(verb, run.common, parts(waiting(run))).data
    BulkRun.objects.filter(pk=run.pk).update(total=run.total, load=run.load)
    return run


def start(run: BulkRun, user: User, *, reason: str, ticket: str = "", common: dict[str, Any] | None = None) -> BulkRun:
    """Begin a draft, with what was left open in it; nothing where it was begun before.

    Raises Denied for anybody but who drafted it, and as `begin` does.
    """
    if run.state != State.DRAFT:
        return run
    if user.pk != run.user_id:
        raise Denied(f"{run.user.get_username()} chose these rows, and alone can begin this run.")
    run.reason, run.ticket, run.common = reason.strip(), ticket, attempts.plain(common or {})
    admit(_known(run), run)
    return _begun_or_asked(run)


def _begun_or_asked(run: BulkRun) -> BulkRun:
    """Begin it; or, where the policy wants a second person for so many rows, or for what they carry, ask for one: it
    stays a draft until then. Raises Denied as the door does.
    """
    verb, load = verbs.get(run.verb), weigh(verbs.get(run.verb), run.common, parts(waiting(run)))
    many = waiting(run).count()
    one = waiting(run).first() if many == 1 else None
    if not why_second(verb, many, load, one and {**run.common, **one.params}):
        return started(run)
    if asked_for(run) is None:  # what was asked for is not changed behind it
        BulkRun.objects.filter(pk=run.pk, state=State.DRAFT).update(**_entered(run), load=load.data)
        keep_shown(run, verb)
    door.perform(
        verbs.get(BEGIN),
        user=run.user,
        params={"run": str(run.pk), "digest": run.digest, "entered": run.entered, "shown": digest(run)},
        reason=run.reason,
        ticket=run.ticket,
        object_id=str(run.pk),
        form_token=f"run-{run.pk.hex}",
        via=run.via,
    )
    return run


def asked_for(run: BulkRun) -> Operation | None:
    """The act that asks for a second person to begin it, the newest one; None where nobody is needed. One query."""
    acts = Operation.objects.filter(object_id=str(run.pk), verb=BEGIN).select_related("approval")
    return acts.order_by("-created_at").first()


def _entered(run: BulkRun) -> dict[str, Any]:
    return {name: getattr(run, name) for name in ("reason", "ticket", "common")}


def started(run: BulkRun) -> BulkRun:
    """The draft begun, in the worker. Nothing where it was begun before."""
    with durable():
        drafts = BulkRun.objects.filter(pk=run.pk, state=State.DRAFT, total__gt=0)
        if drafts.update(state=State.RUNNING, begun_at=timezone.now(), **_entered(run)):
            record(run, "begun", run.user, rows=run.total, urgent=run.urgent)
    run.refresh_from_db()
    engine.wake(run)
    return run


def _known(run: BulkRun) -> Verb:
    """Its verb. Raises Denied where this version of the console has it no more."""
    verb = verbs.find(run.verb)
    if verb is None:
        raise Denied(objection(None, run))
    return verb


def resume(run: BulkRun, user: User) -> BulkRun:
    """Go on where it was stopped. Raises Denied as `stop` does, where its own person may not do the verb now, and where
    what waits needs a second person and none has approved it, or not lately.
    """
    check_control(run, user)
    admit(verb := _known(run), run)
    if not run.approved and not why_second(verb, 1, Load()):  # what each row needs by itself it asks for by itself
        _check_alone(run, verb, waiting(run))
    with durable():
        stopped = BulkRun.objects.filter(pk=run.pk, state=State.STOPPED)
        if stopped.update(state=State.RUNNING, stopped_by=None, why="", needs_a_person=False):
            _let_go(run)
            record(run, "resumed", user)
    run.refresh_from_db()
    engine.wake(run)
    return run


def retry(run: BulkRun, user: User) -> int:
    """Do its failed rows again, each with a new token, so as a new operation; how many. Raises Denied as `resume`.

    A row that is not known yet is no failure: its operation goes on. Rows of an account that the run's own person looks
    at, and those of which something was forgotten, stay as they are; Denied where there are no others.
    """
    check_control(run, user)
    admit(verb := _known(run), run)
    failed, session = BulkRow.objects.filter(run=run).failed().whole(), sessions.open_of(run.user)
    if session and (way := held_by(session, verb, Operation(account_id=session.account_id))):
        failed = failed.exclude(account_id=session.account_id)
        if not failed.exists():
            raise Denied(way.sentence)
    if run.state == State.DRAFT:
        raise Denied("This run has not begun: there is nothing to try again.")
    if not failed.exists() and BulkRow.objects.filter(run=run).failed().exists():
        raise Denied("What these rows held of persons was forgotten: begin a run of its own for them, from their file.")
    failed = _unapproved(run, verb, failed)
    with durable():
        BulkRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        rows = failed.values("pk")
        token = Concat(Value(f"{fresh_token()[:16]}-"), Cast(F("pk"), CharField()))
        again = BulkRow.objects.filter(pk__in=rows)
        many = again.update(
            **claims.FREE,
            state=BulkRow.State.WAITING,
            first=Coalesce(F("first"), F("operation")),
            first_why=Case(When(first_why="", first=None, then=F("why")), default=F("first_why")),
            why="",
            operation=None,
            form_token=token,
            next_try_at=None,
            attempts=0,
        )
        if many:
            goes_on = {"state": State.RUNNING, "stopped_by": None, "why": "", "ended_at": None}
            BulkRun.objects.filter(pk=run.pk).update(**goes_on, needs_a_person=False)
            _let_go(run)
            record(run, "retried", user, rows=many)
    run.refresh_from_db()
    engine.wake(run)
    return many


def _let_go(run: BulkRun) -> None:
    """Have what was begun and not sent before the run was stopped (console.operations.door) be due now."""
    held = Operation.objects.waiting().filter(bulk_row__run=run, state=Operation.State.INTENT, claimed_until=None)
    held.update(next_try_at=timezone.now())


def _unapproved(run: BulkRun, verb: Verb, failed: Any) -> Any:
    """The failed rows that may be done without another second person. Raises Denied where they are too many.

    Where one has approved the run, it was for the rows that were begun: those have an operation, or were attempted.
    """
    if run.approved:
        begun = failed.exclude(operation=None, attempts=0)
        if failed.exists() and not begun.exists():
            raise Denied("These rows were not possible when this run was approved. Begin a run of its own for them.")
        return begun
    _check_alone(run, verb, failed, waiting(run))
    return failed


def _check_alone(run: BulkRun, verb: Verb, *rows: Any) -> None:
    """Raise Denied where all of these rows need a second person: none has approved them, or not lately."""
    load = weigh(verb, run.common, chain.from_iterable(map(parts, rows)))
    if sentence := why_second(verb, sum(each.count() for each in rows), load):
        raise Denied(f"{sentence} Begin a run of its own for them.")


def settled(run: BulkRun, user: User) -> None:
    """Note that a person has seen to what failed: home no longer asks. Raises Denied as `stop` does."""
    check_control(run, user)
    with transaction.atomic():
        if BulkRun.objects.filter(pk=run.pk, needs_a_person=True).update(needs_a_person=False):
            record(run, "seen_to", user)
    run.refresh_from_db()


def _digest(run: BulkRun, rows: Iterable[Wanted]) -> str:
    asked = [run.verb, run.user_id, run.reason, run.ticket, run.common]
    asked += [[row.account_id, row.object_id, attempts.plain(row.params)] for row in rows]
    return salted_hmac(
        "console.bulk", json.dumps(asked, sort_keys=True), algorithm="sha256"
    ).hexdigest()  # keyed: it stays


def _with_held(verb: Verb, run: BulkRun, rows: Sequence[Wanted]) -> Iterable[Wanted]:
    """The rows; those that the person's open work session holds as what it says. One query."""
    session = sessions.open_of(run.user)
    for row in rows:
        own = run.work_session if run.work_session and run.work_session.account_id == row.account_id else None
        intent = Operation(account_id=row.account_id, account_name=row.account_name, work_session=own)
        way = held_by(session, verb, intent) if row.state == BulkRow.State.WAITING else None
        yield replace(row, state=BulkRow.State.DENIED, why=way.sentence) if way else row


def takes(calls: int) -> timedelta | None:
    """How long so many calls take at the rate budget, if nobody else calls; None where that is a few seconds."""
    seconds = calls / settings.STRIPE_RATE if settings.STRIPE_RATE > 0 else 0
    return timedelta(seconds=round(seconds)) if seconds > 5 else None


def _row(run: BulkRun, number: int, wanted: Wanted) -> BulkRow:
    return BulkRow(
        run=run,
        position=wanted.position or number,
        account_id=wanted.account_id,
        account_name=wanted.account_name[:255],
        object_id=wanted.object_id,
        params=(params := attempts.plain(wanted.params)),
        personal=is_personal(verbs.find(run.verb), params, wanted.state, wanted.object_id),
        carried=wanted.carried,
        form_token=wanted.form_token or fresh_token(),
        state=wanted.state,
        why=wanted.why,
    )

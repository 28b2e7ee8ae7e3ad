"""Who may begin and stop a run, what stops all of it at once, and the stopping."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from console.approvals import load, policy
from console.approvals.load import Load
from console.bulk.models import FROM_FILES, BulkRow, BulkRun
from console.operations.admission import Denied
from console.operations.fields import REASON_LENGTH
from console.operations.models import Operation
from console.operations.verbs import Verb
from console.people import roles
from console.people.models import User
from console.record import audit
from gateway import texts
from gateway.commits import durable

CONTROLS = "console.control_bulkrun"  # the permission to stop, resume and retry what somebody else began


def admit(verb: Verb, run: BulkRun) -> None:
    """Raise Denied unless this person may do this verb for many, with this reason."""
    sentence = objection(verb, run)
    if not sentence and len(texts.readable(run.reason)) < REASON_LENGTH:
        sentence = f"A reason of at least {REASON_LENGTH} characters is needed."
    from_file = verb.from_file and run.via in FROM_FILES
    if not sentence and not (verb.bulk or verb.row_form or from_file):
        sentence = f"“{verb.label}” is done for one at a time."
    if sentence:
        raise Denied(sentence)


def objection(verb: Verb | None, run: BulkRun) -> str:
    """Why nothing of this run may be sent at all, now, or "": its person, the mode, the version, that a second person's
    word stands no more. No query but that of BulkRun.approved, and one where it was approved too long ago.

    The engine asks before each row, of a person as they were a second ago at most: the run is then stopped with the
    sentence, and no row is used up.
    """
    if verb is None:
        return f"This version of the console does not know {run.verb}."
    if not (run.user.is_active and run.user.has_perm(verb.permission)):
        return f"Who began it has no permission for “{verb.label}”. {roles.who_may(verb.permission)} has."
    if settings.CONSOLE_MODE not in verb.modes:
        return f"“{verb.label}” does not exist in {settings.CONSOLE_MODE} mode."
    return _lapsed(verb, run) if run.state == BulkRun.State.RUNNING and run.lapsed else ""


def _lapsed(verb: Verb, run: BulkRun) -> str:
    """Why the rows that are left cannot go on one by one; "" where each asks for a second person by itself."""
    left = BulkRow.objects.filter(run=run, state=BulkRow.State.WAITING).count()
    sentence = "" if why_second(verb, 1, Load()) else why_second(verb, left, load.read(run.load))
    return f"{sentence} The word of the one who approved it stands no more." if sentence else ""


def why_second(verb: Verb, rows: int, carried: Load, values: Mapping[str, Any] | None = None) -> str:
    """The policy's sentence why so many rows that carry this need a second person, or "".

    What lowers risk never does; `values` are those of the one row, where there is one.
    """
    return "" if policy.lowers_risk(verb, values) else load.why_second(verb, carried, rows)


def may_control(run: BulkRun, user: User) -> bool:
    """Whether this person may stop, resume and retry it: who began it, and who may control everybody's."""
    return user.is_active and (user.pk == run.user_id or user.has_perm(CONTROLS))


def check_control(run: BulkRun, user: User) -> None:
    """Raise Denied for who may not."""
    if not may_control(run, user):
        who = roles.who_may(CONTROLS)
        raise Denied(f"{run.user.get_username()} began this run. {who} can stop, resume and retry it as well.")


def stop(run: BulkRun, user: User | None, why: str = "") -> BulkRun:
    """Send nothing more of it: calls that are under way end, the other rows wait. `user` None: it stopped by itself.

    Raises Denied for who neither began it nor may control runs.
    """
    if user:
        check_control(run, user)
    with durable():
        running = BulkRun.objects.filter(pk=run.pk, state=BulkRun.State.RUNNING)
        stopped = {"state": BulkRun.State.STOPPED, "stopped_by": user, "stopped_at": timezone.now(), "why": why}
        if running.update(**stopped, needs_a_person=True):
            record(run, "stopped", user or run.user, why=why, **({} if user else {"by": "the run itself"}))
    run.refresh_from_db()
    return run


def under_way(run: BulkRun) -> int:
    """How many of its rows a process holds, or has at Stripe, now: also of a run that was just stopped. One query.

    What is in doubt is not among them.
    """
    state, now = Operation.State, timezone.now()
    held = Q(state=BulkRow.State.WAITING, claimed_until__gt=now)
    held |= Q(operation__state=state.INTENT, operation__claimed_until__gt=now)
    return BulkRow.objects.filter(held | Q(operation__state=state.SENDING), run=run).count()


def record(run: BulkRun, what: str, user: User | None, **detail: Any) -> None:
    """Write the run's audit row, in the caller's transaction."""
    audit.record(
        f"bulk.{what}",
        user=user,
        subject=str(run.pk),
        reason=run.reason,
        ticket=run.ticket,
        detail={"verb": run.verb, "via": run.via, **detail},
    )

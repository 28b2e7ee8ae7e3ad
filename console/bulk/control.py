"""Who may begin and stop a run, what stops all of it at once, and the stopping."""

from typing import Any

from django.conf import settings

from console.approvals import policy
from console.bulk.models import FROM_FILES, BulkRun
from console.operations import attempts
from console.operations.admission import Denied
from console.operations.fields import REASON_LENGTH
from console.operations.verbs import Verb
from console.people import roles
from console.people.models import User
from console.record import audit
from gateway import texts

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
    """Why nothing of this run may be sent at all, now, or "": its person, the mode, the version. No query.

    The engine asks before each row, of a person as they were a second ago at most: the run is then stopped with the
    sentence, and no row is used up.
    """
    if verb is None:
        return f"This version of the console does not know {run.verb}."
    if not (run.user.is_active and run.user.has_perm(verb.permission)):
        return f"{run.user.get_username()} has no permission for “{verb.label}”. {roles.who_may(verb.permission)} has."
    if settings.CONSOLE_MODE not in verb.modes:
        return f"“{verb.label}” does not exist in {settings.CONSOLE_MODE} mode."
    return ""


def why_second(verb: Verb, rows: int) -> str:
    """The policy's sentence why so many rows need a second person, or "". What lowers risk never does."""
    if policy.lowers_risk(verb):
        return ""
    return policy.needs_second(verb, mode=settings.CONSOLE_MODE, rows=rows)


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
    with attempts.durable():
        running = BulkRun.objects.filter(pk=run.pk, state=BulkRun.State.RUNNING)
        if running.update(state=BulkRun.State.STOPPED, stopped_by=user, why=why, needs_a_person=True):
            record(run, "stopped", user, why=why)
    run.refresh_from_db()
    return run


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

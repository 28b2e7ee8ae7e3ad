"""Begin, work off, cancel and resume jobs. Each change of state writes its audit row in its own transaction."""

import logging
import time
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from console.jobs import errors, files
from console.jobs.kinds import JobFailed, Kind, Result
from console.jobs.models import EVERYBODYS, Job, failed_key
from console.jobs.progress import Cancelled, Lost, Paused, Progress
from console.people import roles
from console.people.models import User
from console.record import audit
from console.shell import nouns
from gateway import back_off, claims, sweep

logger = logging.getLogger(__name__)
State = Job.State
CROWDED = timedelta(seconds=1)  # until a job looks again whether it is its turn
TRY = "A try came to nothing ({}). It is tried again by itself."
CRASHED = "It was tried {} times and did not get a step further ({}). What was done before is kept."


def find(kind: str) -> Kind | None:
    """The kind of this name, None where no noun declares it (any more)."""
    return next((noun.jobs[kind]() for noun in nouns.every() if kind in noun.jobs), None)


def of(job: Job) -> Kind | None:
    """The kind of this job, None where this release cannot do what was asked (any more)."""
    kind = find(job.kind)
    return kind if kind and kind.reads(job.params) else None


def kinds() -> list[str]:
    """The names of all kinds."""
    return sorted(name for noun in nouns.every() for name in noun.jobs)


def begin(kind: str, *, user: User, params: dict[str, Any]) -> Job:
    """A new job, committed and handed to the worker; raises JobFailed, KeyError for an unknown kind.

    The same person's same job that has not ended is given back instead: a double click begins one.
    """
    its = find(kind)
    if its is None:
        raise KeyError(kind)
    if its.permission and not user.has_perm(its.permission):
        raise JobFailed(f"Your role does not have the permission {its.permission}.")
    kept = its.params(user, params)
    account_id = its.account_of(kept)
    name = nouns.account_label(account_id) or "" if account_id else ""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # of two at once, the second finds the first's job
        for job in Job.objects.waiting().filter(user=user, kind=kind):
            if job.params == kept:
                return job
        about = {"account_id": account_id, "account_name": name[:255]}
        job = Job.objects.create(kind=kind, title=its.title(kept)[:255], user=user, params=kept, **about)
        _record(job, "job.begun", user)
    sweep.hand_over(Job, job.pk, timezone.now())
    return job


def work(job_id: str) -> None:
    """Work on a job for one turn, if it is due and nobody else does. Safe to run twice and at once with anything."""
    ours = (Job.objects.due() | Job.objects.held(sweep.QUEUED)).filter(pk=job_id)
    if Job.objects.in_work().exclude(pk=job_id).count() >= settings.JOBS_AT_ONCE:
        ours.put_off(timezone.now() + CROWDED)
        return
    begun = Coalesce(F("started_at"), timezone.now())
    claimed = ours.claim(by=claims.claim_name(), attempts=F("attempts") + 1, state=State.RUNNING, started_at=begun)
    for job in claimed:
        job.attempts += 1
        _turn(job)


def _turn(job: Job) -> None:
    """One run of a claimed job, and what is kept of how it ended."""
    try:
        result = _run(job)
    except Lost:
        return
    except Cancelled:
        job.refresh_from_db(fields=["cancel_asked_by"])
        _end(job, State.CANCELLED, "job.cancelled", user=job.cancel_asked_by)
    except Paused:
        others = Job.objects.waiting().exclude(pk=job.pk).exists()  # two that wait take turns
        _held(job).put_off(timezone.now() + (2 * CROWDED if others else timedelta(0)))
        sweep.hand_over(Job, job.pk, timezone.now())
    except files.Busy:
        _held(job).put_off(timezone.now() + CROWDED, attempts=F("attempts") - 1)
    except JobFailed as failed:
        _end(job, State.FAILED, "job.failed", error=str(failed))
    except Exception as problem:  # noqa: BLE001  (a bug, a full disk, a database that is away: tried again, then told)
        _crashed(job, problem)
    else:
        _succeed(job, result)


def _run(job: Job) -> Result:
    kind = of(job)
    if job.cancel_asked_by_id:
        raise Cancelled
    if job.attempts > claims.CRASHES:
        raise JobFailed(CRASHED.format(claims.CRASHES, "its process ended"))
    if kind is None:
        raise JobFailed(f"This release does not know such work ({job.kind}).")
    if not job.user.is_active or (kind.permission and not job.user.has_perm(kind.permission)):
        raise JobFailed(f"{job.user} may not do this any more.")
    return kind.run(job, Progress(job))


def _crashed(job: Job, problem: Exception) -> None:
    """A try that came to nothing: again after a pause, until there were too many without a step between them."""
    name, tries = type(problem).__name__, max(job.attempts, 1)
    logger.error("job %s: %s", job.pk, name, exc_info=settings.DEBUG)
    if tries >= claims.CRASHES:
        _end(job, State.FAILED, "job.failed", error=CRASHED.format(tries, name))
        return
    pause = back_off.pause(tries, longest=60)
    with transaction.atomic():
        known = errors.with_one(job.pk, TRY.format(name))
        held = _held(job)
        held.put_off(timezone.now() + timedelta(seconds=pause), attempts=tries, errors=known)  # none after a step


def _succeed(job: Job, result: Result) -> None:
    path = files.path_of(job.pk)
    has_file = bool(result.file_name)
    kind = find(job.kind) or Kind()
    _end(
        job,
        State.SUCCEEDED,
        kind.recorded_as,
        detail=result.told,
        figures=result.figures,
        done=job.done,
        total=job.done,
        file_name=result.file_name,
        file_bytes=path.stat().st_size if has_file else 0,
        file_until=timezone.now() + timedelta(days=settings.JOB_FILE_DAYS) if has_file else None,
    )


def _held(job: Job) -> Any:
    """The row, where this run still holds it."""
    return Job.objects.filter(pk=job.pk).held(job.claimed_by)


def _end(
    job: Job, state: str, action: str, *, user: User | None = None, detail: dict[str, Any] | None = None, **changes: Any
) -> bool:
    """Settle it under this run's claim, once; False where another has it."""
    with transaction.atomic():
        if error := changes.get("error"):
            changes["errors"] = errors.with_one(job.pk, error)
        if not _held(job).settle(state=state, ended_at=timezone.now(), **changes):
            return False
        _record(job, action, user or job.user, **(detail or {"error": changes.get("error", "")}))
    return True


def _record(job: Job, action: str, user: User, **detail: Any) -> None:
    transaction.on_commit(partial(cache.delete, failed_key(job.user_id)))  # home has it at once
    audit.record(
        action,
        user=user,
        account_id=job.account_id,
        account_name=job.account_name,
        subject=str(job.pk),
        detail={"kind": job.kind, "title": job.title, **{name: value for name, value in detail.items() if value != ""}},
    )


# What a person does with a job


def may_cancel(user: User, job: Job) -> bool:
    """Whoever began it, and who may see everybody's; while there is something to end."""
    return not job.ended and (job.user_id == user.pk or user.has_perm(EVERYBODYS))


def may_resume(user: User, job: Job) -> bool:
    """Whoever began it, for it runs with their rights; nobody where this release does not know such work."""
    return job.state in (State.FAILED, State.CANCELLED) and job.user_id == user.pk and of(job) is not None


def cancel(job: Job, *, user: User) -> bool:
    """End it: at once where no process works on it, else before its next step. False where it has ended already."""
    with transaction.atomic():
        free = Job.objects.waiting().filter(pk=job.pk, claimed_by__in=("", sweep.QUEUED))
        if free.settle(state=State.CANCELLED, ended_at=timezone.now(), cancel_asked_by=user):
            _record(job, "job.cancelled", user)
            return True
        asked = Job.objects.waiting().filter(pk=job.pk, cancel_asked_by=None).update(cancel_asked_by=user)
    return bool(asked) or Job.objects.waiting().filter(pk=job.pk).exists()


def resume_refusal(job: Job, user: User) -> str:
    """Why this person cannot let it go on, as its page would ask them if they opened it now; "" where they can."""
    kind = of(job)
    if kind and kind.permission and not user.has_perm(kind.permission):
        return roles.lacking(kind.permission)
    return kind.resume_refusal(user, job) if kind else ""


def resume(job: Job, *, user: User) -> bool:
    """Let what failed or was cancelled go on from its last step. False where it is not (any more) so.

    Raises JobFailed, with the reason on the row, where its page would not be opened for them now.
    """
    if why := resume_refusal(job, user):
        with transaction.atomic():
            known = errors.with_one(job.pk, why)
            Job.objects.filter(pk=job.pk, state__in=(State.FAILED, State.CANCELLED)).update(error=why, errors=known)
        raise JobFailed(why)
    now = timezone.now()
    again = {"state": State.WAITING, "ended_at": None, "cancel_asked_by": None, "error": "", "attempts": 0}
    with transaction.atomic():
        over = Job.objects.filter(pk=job.pk, state__in=(State.FAILED, State.CANCELLED))
        if not over.put_off(now, **again):
            return False
        _record(job, "job.resumed", user)
    sweep.hand_over(Job, job.pk, now)
    return True


def drop(job: Job, *, user: User) -> bool:
    """Leave what failed at that: it needs nobody any more. False where it is not failed (any more)."""
    with transaction.atomic():
        failed = Job.objects.filter(pk=job.pk, state=State.FAILED)
        if not failed.update(state=State.CANCELLED, cancel_asked_by=user):
            return False
        _record(job, "job.dropped", user)
    return True


# By schedule


def remove_old_files() -> None:
    """Take away the files of jobs that are older than JOB_FILE_DAYS, and what no job has any more."""
    for job in Job.objects.filter(file_until__isnull=False, file_until__lte=timezone.now())[:500]:
        with transaction.atomic():
            own = Job.objects.filter(pk=job.pk, file_until__isnull=False)
            if own.update(file_name="", file_until=None):
                _record(job, "job.file_removed", job.user)
        files.remove(job.pk)
    for path in list(files.left_behind(time.time() - settings.JOB_FILE_DAYS * 86_400)):
        if not _wanted(path.name):
            files.remove(path.name)


def _wanted(name: str) -> bool:
    """Whether a job that has not ended, or whose file is kept, has a file of this name."""
    try:
        job = Job.objects.filter(pk=UUID(name)).first()
    except ValueError:  # a half-written file of a process that died
        return False
    return job is not None and (not job.ended or bool(job.file_until))

"""The page of one job: how far it is, what came of it, and what may be done with it."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.jobs import errors, files, jobs
from console.jobs.kinds import JobFailed
from console.jobs.models import Job
from console.operations.pages import SeeOther
from console.people.masking import Mask
from console.people.signed_in import may_see, needs, staff
from console.record import audit
from console.shell import formats, leading
from console.shell.drawing import page

State = Job.State
SIGNS = {  # the tone and the icon of its sentence
    State.SUCCEEDED: ("ok", "check"),
    State.FAILED: ("bad", "crossed"),
    State.CANCELLED: ("info", "dash"),
}
GONE = "The file was removed: files are kept for {} days. Begin such a job anew to have a new one."
DECISIONS = {
    "cancel": (jobs.may_cancel, jobs.cancel, "It ends before its next step."),
    "resume": (jobs.may_resume, jobs.resume, "It goes on from its last step."),
    "drop": (jobs.may_resume, jobs.drop, "Dropped."),
}


@require_safe
@needs("console.view_job")
def job_list(request: HttpRequest) -> HttpResponseBase:
    """The admin's list of jobs, with the query that came."""
    return leading.lead(request, reverse("admin:console_job_changelist"))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("console.view_job")
def job_page(request: HttpRequest, job_id: uuid.UUID) -> HttpResponseBase:
    """GET: the job. POST `decision`: cancel, resume or drop."""
    job = _get(request, job_id)
    if request.method != "POST":
        return _draw(request, job)
    if request.POST.get("decision") not in DECISIONS:
        raise BadRequest("Cancel, resume or drop.")
    may, act, done = DECISIONS[request.POST["decision"]]
    try:
        acted = may(staff(request), job) and act(job, user=staff(request))
    except JobFailed as refused:
        messages.warning(request, f"Nothing was changed. {refused}")
        return SeeOther(request.path)
    if acted:
        messages.success(request, done)
    else:
        messages.info(request, "Nothing was changed: it stands otherwise by now, or it is not yours.")
    return SeeOther(request.path)


@require_POST
@needs("console.view_job")
def job_file(request: HttpRequest, job_id: uuid.UUID) -> HttpResponseBase:
    """The file of a job, for whoever began it and may still have it; the audit trail keeps that it was downloaded."""
    job, user = _get(request, job_id), staff(request)
    if refusal := file_refusal(request, job):
        raise PermissionDenied(refusal)
    try:
        file = files.path_of(job.pk).open("rb")
    except FileNotFoundError:
        messages.warning(request, _gone())
        return SeeOther(reverse("job", args=[job.pk]))
    with transaction.atomic():
        audit.record(
            "export.downloaded",
            user=user,
            account_id=job.account_id,
            account_name=job.account_name,
            subject=str(job.pk),
            detail={"title": job.title, "file": job.file_name},
        )
    return FileResponse(file, as_attachment=True, filename=job.file_name)


def _gone() -> str:
    return GONE.format(settings.JOB_FILE_DAYS)


def file_refusal(request: HttpRequest, job: Job) -> str:
    """Why this person does not get the job's file, "" where they do."""
    if job.user_id != staff(request).pk:
        return "Only who began it downloads its file."
    if not job.file_name or (job.file_until and job.file_until <= timezone.now()):
        return _gone()
    kind = jobs.of(job)
    return kind.refusal(staff(request), job) if kind else "This release does not know such work."


def _get(request: HttpRequest, job_id: uuid.UUID) -> Job:
    """The job, where it is this person's to see: their own, or anybody's for who may see all. Else 403 or 404."""
    job = get_object_or_404(Job.objects.select_related("user", "cancel_asked_by"), pk=job_id)
    if not Job.objects.seen_by(staff(request)).filter(pk=job.pk).exists():
        raise PermissionDenied("This job is somebody else’s. An administrator sees everybody’s.")
    return job


def _draw(request: HttpRequest, job: Job) -> HttpResponse:
    user = staff(request)
    tone, sign = SIGNS.get(State(job.state), ("info", "hourglass"))
    context = {
        "title": job.title,
        "job": job,
        "account": {"id": job.account_id, "name": job.account_name} if job.account_id else None,
        "sentence": sentence(job),
        "why": Mask(may_see(request)).text(job.error),
        "errors": errors.told(job, Mask(may_see(request))) if job.errors[1:] or not job.error else [],
        "tone": tone,
        "sign": sign,
        "version": f"{job.state}.{job.done}.{job.total}.{bool(job.cancel_asked_by_id)}",
        "live": not job.ended or "live" in request.GET,
        "figures": {formats.plain(name): value for name, value in job.figures.items()},
        "asked": _asked(request, job),
        "may_cancel": jobs.may_cancel(user, job) and not job.cancel_asked_by_id,
        "may_resume": jobs.may_resume(user, job),
        "resume_refusal": jobs.resume_refusal(job, user) if jobs.may_resume(user, job) else "",
        "goes_on": bool(job.kept) and job.done > 0,
        "gone": _gone(),
        "has_file": bool(job.file_name),
        "file_refusal": file_refusal(request, job) if job.file_name else "",
    }
    return page(request, "console/jobs/job.html", context)


def sentence(job: Job) -> str:
    """How it stands."""
    if job.ended:
        took: timedelta = job.ended_at - (job.started_at or job.created_at)  # type: ignore[operator]
        words = formats.span(took) if took >= timedelta(seconds=1) else "less than a second"
        return {
            State.SUCCEEDED: f"Done in {words}.",
            State.FAILED: "It failed. It is not tried again by itself.",
        }.get(State(job.state), "It was cancelled. Nothing more happens by itself.")
    if job.cancel_asked_by_id:
        return "It is being cancelled: it ends before its next step."
    if job.state == State.WAITING:
        return "It waits for its turn: jobs are worked on one after the other."
    return "It is being worked on. You may leave this page."


def _asked(request: HttpRequest, job: Job) -> list[tuple[str, Any]]:
    """Its parameters by their names; a person's data is masked as on every page."""
    kind = jobs.find(job.kind)
    shown = Mask(may_see(request)).data(kind.shown(job.params) if kind else job.params)
    return [(formats.plain(name), value) for name, value in shown.items() if value not in ("", None)]

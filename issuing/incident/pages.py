"""The incident switch: what is meant, a preview, one button; then how far it is, and the way back."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.http import require_http_methods

from console.brakes.standing import Watch
from console.bulk import runs, undoing
from console.bulk.models import FAILED, BulkRow, BulkRun
from console.operations import verbs
from console.operations.admission import Denied
from console.operations.forms import fresh_token
from console.people import masking
from console.people.signed_in import may_see, needs, staff
from console.shell import typed_again
from console.shell.drawing import form_status, page
from console.viewing import sessions
from console.viewing.held import Held, clear, held
from issuing.incident import models
from issuing.incident.forms import DAYS, FreezeForm, MeantForm, UndoForm
from issuing.incident.models import HOLDERS, Freeze, Plan

FREEZES = "issuing.deactivate_card"  # the permission
SHOWN = 20  # rows of the plan that the preview spells out
CHANGED = "What is meant was changed since its preview. This is what would be frozen now: look, and press again."
LATEST = 5  # freezes beside the form


@require_http_methods(["GET", "HEAD", "POST"])
@needs(FREEZES)
@typed_again.kept
def incident(request: HttpRequest) -> HttpResponseBase:
    """GET: the form; with `?ids=` or `?merchant=` its preview. POST `act`: preview, or freeze."""
    if request.method != "POST":
        given = request.GET
        named = bool({"ids", "merchant"} & given.keys())
        fresh = {"form_token": fresh_token(), "days": str(DAYS)}
        form = FreezeForm(typed_again.take(request) or ({**fresh, **given.dict()} if named else None), initial=fresh)
        return _draw(request, form)
    if "session" in request.POST:
        clear(request)
    form = FreezeForm(request.POST)
    if request.POST.get("act") != "freeze":
        return _draw(request, form)
    if not form.is_valid():
        return _draw(request, form, status=422)
    if request.POST.get("meant") != form.selection().digest:
        return _draw(request, form, status=409, denied=CHANGED)
    cleaned = form.cleaned_data
    try:
        freeze = models.begin(
            form.selection(),
            user=staff(request),
            reason=cleaned["reason"],
            ticket=cleaned["ticket"],
            form_token=cleaned["form_token"],
        )
    except Denied as denied:
        return _draw(request, form, status=403, denied=str(denied))
    return redirect(freeze)


def of_accounts(request: HttpRequest, ids: list[str]) -> HttpResponse:
    """The preview for accounts that were chosen in their list."""
    return _draw(request, FreezeForm({"ids": "\n".join(ids), "days": str(DAYS), "form_token": fresh_token()}))


def _draw(request: HttpRequest, form: FreezeForm, *, status: int = 200, denied: str = "") -> HttpResponse:
    """The form, and beside it what would be sent with its entries. A preview asks for no reason yet."""
    meant = MeantForm(form.data) if form.is_bound else None
    planned, selection = None, None
    if meant and meant.is_valid():
        selection = meant.selection()
        planned = models.plan(selection, may_holders=staff(request).has_perm(HOLDERS))
    if form.is_bound and status == 200:
        if meant and not meant.is_valid():
            status = 422
        for name in ("reason", "ticket"):  # nobody was asked for them yet
            form.errors.pop(name, None)
    way = _held(request, planned) if planned else None
    out = way.session.account_id if way else ""
    context = {
        "title": "Incident",
        "able": sum(line.cards for line in planned.lines if line.wanted.account_id != out) if planned else 0,
        "form": form,
        "plan": planned,
        "rows": planned.lines[:SHOWN] if planned else [],
        "more": max(len(planned.lines) - SHOWN, 0) if planned else 0,
        "unknown": selection.unknown() if selection else [],
        "unread": selection.named.unread if selection else [],
        "merchants": selection.merchants() if selection else [],
        "held": way,
        "meant": selection.digest if selection else "",
        "denied": denied,
        "latest": Freeze.objects.select_related("user")[:LATEST],
    }
    return page(request, "issuing/incident/incident.html", context, status=status)


def _held(request: HttpRequest, planned: Plan) -> Held | None:
    """What the person's own session says: looking at one of the accounts leaves its cards out. At most one query."""
    session = sessions.of_person(request)
    return held(session, session.account_id) if session and session.account_id in planned.accounts else None


@require_http_methods(["GET", "HEAD", "POST"])
@needs(FREEZES)
@typed_again.kept
def freeze(request: HttpRequest, freeze_id: uuid.UUID) -> HttpResponseBase:
    """How far a freeze is. POST `act`: go_on (begin what is not begun), stop, or undo, with a reason."""
    found = get_object_or_404(Freeze.objects.select_related("user", "holder_run", "card_run"), pk=freeze_id)
    act = request.POST.get("act", "")
    fresh = {"form_token": fresh_token()}
    if "session" in request.POST:  # what clears the way for an undo, whose form it is a button of
        clear(request)
        return _draw_freeze(request, found, UndoForm(initial={**fresh, **request.POST.dict()}))
    form = typed_again.filled(
        request, lambda data: UndoForm(data if data and data.get("act") == "undo" else None, initial=fresh)
    )
    try:
        if act == "undo" and form.is_valid():
            _tell(request, *models.undo(found, staff(request), **form.cleaned_data))
            return redirect(found)
        if act == "go_on":
            found.go_on(staff(request))
            return redirect(found)
        if act == "stop":
            for run in found.runs:
                runs.stop(run, staff(request))
            return redirect(found)
    except Denied as denied:
        return _draw_freeze(request, found, form, status=403, denied=str(denied), of_undo=act == "undo")
    return _draw_freeze(request, found, form, status=form_status(request))


def _tell(request: HttpRequest, begun: list[BulkRun], refused: list[str]) -> None:
    """What becomes of an undo that was begun: how many rows of it go on, and what keeps the others."""
    rows = BulkRow.objects.filter(run__in=begun)
    total, doubt = rows.count(), rows.filter(why=undoing.IN_DOUBT).count()
    go_on = rows.exclude(state__in=(BulkRow.State.DENIED, BulkRow.State.LEFT_OUT)).count()
    said = f"{go_on:,} of {total:,} {'is' if go_on == 1 else 'are'} let work again, by runs of their own."
    if any(run.state == BulkRun.State.DRAFT for run in begun):
        said = f"{go_on:,} of {total:,} are to work again: that waits for a second person."
    if doubt:
        said += f" Of {doubt:,} it is not known yet whether they were frozen: undo again when it is."
    elif go_on < total:
        said += " Why the others stay as they are stands in the runs."
    if braked := next(filter(None, map(_brake, begun)), ""):
        said += f" What is stopped waits: {braked}."
    if refused:
        said += f" Not undone: {' '.join(refused)}"
    (messages.warning if braked or refused or go_on < total else messages.success)(request, said)


def _brake(run: BulkRun) -> str:
    """What stands against rows of this run that wait, or "". Two queries."""
    verb = verbs.find(run.verb)
    accounts = BulkRow.objects.waiting().filter(run=run).order_by().values_list("account_id", flat=True).distinct()
    watch = Watch(verb) if verb else None
    return next(filter(None, map(watch.objection, accounts)), "") if watch else ""


def _draw_freeze(
    request: HttpRequest,
    found: Freeze,
    form: UndoForm,
    *,
    status: int = 200,
    denied: str = "",
    of_undo: bool = False,
) -> HttpResponse:
    progress = [_progress(run) for run in found.runs]
    later = BulkRun.objects.filter(undo_of__in=found.runs).select_related("user").order_by("created_at")
    context = {
        "title": "Cards frozen",
        "freeze": found,
        "reason": masking.masked(found.reason, may_see=may_see(request)),
        "named": found.selection.named,
        "progress": progress,
        "undone": [_progress(run) for run in later],
        "running": any(each["run"].state == BulkRun.State.RUNNING for each in progress),
        "not_begun": not progress or any(each["run"].state == BulkRun.State.DRAFT for each in progress),
        "can_undo": any(each["done"] for each in progress),
        "done": sum(each["done"] for each in progress),
        "waits": sum(each["waits"] for each in progress),
        "total": sum(each["run"].total for each in progress),
        "form": form,
        "held": undoing.held_of(sessions.of_person(request), found.runs),
        "denied": denied,
        "of_undo": of_undo,
    }
    return page(request, "issuing/incident/freeze.html", context, status=status)


def _progress(run: BulkRun) -> dict[str, Any]:
    """A run with its label and how many of its rows are done, failed, unknown, left out, or wait. One query."""
    outcomes = run.outcomes()
    done, failed = outcomes.get("succeeded", 0), sum(outcomes.get(name, 0) for name in FAILED)
    unknown, left_out = outcomes.get("unknown", 0), outcomes.get("left_out", 0)
    waits = run.total - done - failed - unknown - left_out
    counts = {"done": done, "failed": failed, "unknown": unknown, "left_out": left_out, "waits": waits}
    return {"run": run, "label": models.label(run), **counts}


urlpatterns = [
    path("incident/", incident, name="incident"),
    path("incident/<uuid:freeze_id>", freeze, name="freeze"),
]

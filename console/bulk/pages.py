"""The page of a bulk run: what was wanted, how far it is, what came of each row, and what can be done with it."""

import uuid
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_safe

from console.approvals.load import read
from console.bulk import control, effects, ended, files, forgetting, runs
from console.bulk import rows as bulk_rows
from console.bulk.models import FROM_FILES, BulkRow, BulkRun
from console.bulk.undoing import held_of, undo
from console.bulk.words import TABS
from console.lists import addresses
from console.lists.listing import address
from console.operations import verbs
from console.operations.admission import Denied
from console.operations.forms import ReasonForm, fresh_token, many_form
from console.operations.models import Operation
from console.operations.pages import SeeOther
from console.operations.verbs import Verb
from console.people import masking
from console.people.signed_in import PERSONAL, may_see, needs, staff
from console.shell import leading, typed_again
from console.shell.drawing import page
from console.viewing import sessions
from console.viewing.held import clear
from gateway import copied
from gateway.mirror import account_model

ROWS = 50
BEFORE, AFTER = "before", "after"  # in the address: the position beside which a page of rows ends or begins
STATE = BulkRun.State
OVER = (STATE.STOPPED, STATE.ENDED)
UNDER_WAY = (BulkRow.State.GIVEN, Operation.State.AWAITING, *Operation.UNSETTLED)


@require_safe
@needs("console.view_bulkrun")
def run_list(request: HttpRequest) -> HttpResponseBase:
    """The admin's list of runs, with the query that came."""
    return leading.lead(request, reverse("admin:console_bulkrun_changelist"))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("console.view_bulkrun")
@typed_again.kept
def run_page(request: HttpRequest, run_id: uuid.UUID) -> HttpResponseBase:
    """GET: the run and a page of its rows. POST `act`: begin (a draft), stop, resume, retry, undo, seen.

    422 with what is wrong in the form, 403 with why not; nothing was sent then and nothing typed is lost.
    """
    run = _get(run_id)
    if request.method == "POST":
        return _act(request, run)
    if not (typed := typed_again.take(request)):
        return _draw(request, run)
    form = ReasonForm(typed) if typed.get("act") == "undo" else _form(run, typed)
    return _draw(request, run, form=typed_again.unsaid(form), act=typed.get("act", "begin"))


@require_safe
@needs("console.view_bulkrun")
def live(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """The part of the page that moves by itself."""
    run = _get(run_id)
    return page(request, "console/bulk/progress.html", progress(run))


def _get(run_id: uuid.UUID) -> BulkRun:
    return get_object_or_404(BulkRun.objects.select_related("user", "stopped_by", "undo_of"), pk=run_id)


def _act(request: HttpRequest, run: BulkRun) -> HttpResponseBase:
    act, user = request.POST.get("act", ""), staff(request)
    if "session" in request.POST:  # what clears the way for an undo, whose form it is a button of
        clear(request)
        typed = {"form_token": fresh_token(), **request.POST.dict()}
        return _draw(request, run, form=ReasonForm(initial=typed), act="undo")
    if act in ("begin", "undo"):
        return _act_with_reason(request, run, act)
    acts = {"stop": runs.stop, "resume": runs.resume, "retry": runs.retry, "seen": runs.settled}
    try:
        if act in acts:
            acts[act](run, user)
    except Denied as denied:
        return _draw(request, run, denied=str(denied), status=403)
    return SeeOther(run.get_absolute_url())


def _act_with_reason(request: HttpRequest, run: BulkRun, act: str) -> HttpResponseBase:
    form = _form(run, request.POST) if act == "begin" else ReasonForm(request.POST)
    bad = run.outcomes().get(BulkRow.State.BAD, 0) if act == "begin" else 0
    sound = form.is_valid()
    if bad and not request.POST.get("leave_out"):
        form.add_error(None, f"Rows that are wrong: {bad:,}. Leave them out, or mend the file and choose it again.")
        sound = False
    if not sound:
        return _draw(request, run, form=form, act=act, status=422)
    try:
        return SeeOther(_do(request, run, act, form.cleaned_data).get_absolute_url())
    except Denied as denied:
        return _draw(request, run, form=form, act=act, denied=str(denied), status=403)


def _do(request: HttpRequest, run: BulkRun, act: str, cleaned: dict[str, Any]) -> BulkRun:
    reason, ticket = cleaned["reason"], cleaned["ticket"]
    if act == "undo":
        return undo(run, staff(request), reason, ticket=ticket, form_token=cleaned["form_token"])
    verb = verbs.find(run.verb)
    own = verb.form.base_fields if verb else {}
    common = {name: value for name, value in cleaned.items() if name in own}
    return runs.start(run, staff(request), reason=reason, ticket=ticket, common=common)


def _form(run: BulkRun, data: Any = None) -> ReasonForm:
    """What a draft is begun with: the values in common, but of a file, whose rows have their own."""
    verb = verbs.find(run.verb)
    form = many_form(verb) if verb and run.via not in FROM_FILES else ReasonForm
    return form(data) if data is not None else form(initial={"form_token": fresh_token()})


def _draw(
    request: HttpRequest,
    run: BulkRun,
    *,
    form: ReasonForm | None = None,
    act: str = "begin",
    denied: str = "",
    status: int = 200,
) -> HttpResponse:
    verb = verbs.find(run.verb)
    shown = request.GET.get("show", "")
    found: Any = BulkRow.objects.filter(run=run).told().select_related("operation", "first")
    if shown in TABS:
        found = found.filter(outcome__in=TABS[shown][1])
    rows, earlier, later = _rows(request, found)
    told, load = progress(run), read(run.load)
    context = {
        **told,
        **_controls(request, run, verb, told["outcomes"]),
        "title": verb.label if verb else run.verb,
        "verb": verb,
        "noun": (verb.noun_name if verb else "") or "account",
        "rows": _shown(request, run, verb, rows),
        "earlier": earlier,
        "later": later,
        "tabs": _tabs(request, shown, told["outcomes"]),
        "form": form if act == "begin" and form else _form(run) if run.state == STATE.DRAFT and verb else None,
        "asked": runs.asked_for(run) if run.state == STATE.DRAFT else None,
        "second": control.why_second(verb, told["waiting"], load) if run.state == STATE.DRAFT and verb else "",
        "load": load.facts(),
        "undo_form": form if act == "undo" and form else ReasonForm(initial={"form_token": fresh_token()}),
        "held": held_of(sessions.of_person(request), [run]) if run.state in OVER else None,
        "undo_open": act == "undo" and form is not None,
        "denied": denied,
        "reason": masking.masked(run.reason, may_see=may_see(request)),
        "ticket": masking.masked(run.ticket, may_see=may_see(request)),
    }
    return page(request, "console/bulk/run.html", context, status=status)


def progress(run: BulkRun) -> dict[str, Any]:
    """How far it is: `figures` (word, tone, icon, number), `parts` of a bar of 1000, `left` where that can be told."""
    outcomes = run.outcomes()
    run.failed = ended.failed_of(outcomes)  # as it is now, not as it was when it ended
    waiting = outcomes.get(BulkRow.State.WAITING, 0)
    todo = run.total - sum(outcomes.get(name, 0) for name in (BulkRow.State.LEFT_OUT, BulkRow.State.BAD))
    under_way = sum(outcomes.get(name, 0) for name in UNDER_WAY)
    figures, parts, at = [], [], 0.0
    for name, (word, names, tone, icon) in TABS.items():
        number = sum(outcomes.get(each, 0) for each in names)
        figures.append({"word": word, "name": name, "tone": tone, "icon": icon, "number": number})
        if tone and number:
            width = max(1000 * number / max(run.total, 1), 2)  # of a draft that is being written it is 0
            parts.append({"tone": tone, "x": f"{at:.1f}", "width": f"{width:.1f}"})
            at += width
    return {
        "run": run,
        "outcomes": outcomes,
        "figures": [each for each in figures if each["number"]],
        "parts": parts,
        "answered": todo - waiting - under_way,
        "todo": todo,
        "waiting": waiting,
        "left": _left(run, todo - waiting, waiting),
        "version": f"{run.state}.{'.'.join(f'{name}{many}' for name, many in sorted(outcomes.items()))}",
    }


def _left(run: BulkRun, done: int, waiting: int) -> timedelta | None:
    """How long what waits will take, at the pace of what is done; None where that says nothing."""
    if run.state != STATE.RUNNING or not (done and waiting and run.begun_at):
        return None
    return (timezone.now() - run.begun_at) * (waiting / done)


def _controls(request: HttpRequest, run: BulkRun, verb: Verb | None, outcomes: dict[str, int]) -> dict[str, Any]:
    """What can be done with it, by this person, now."""
    user, may = staff(request), control.may_control(run, staff(request))
    inverse = verbs.find(verb.inverse) if verb else None
    over = run.state in OVER
    again = any(outcomes.get(name) for name in ("denied", "refused"))
    failed = BulkRow.objects.filter(run=run).failed().whole().count() if again else 0
    changed = outcomes.get(Operation.State.SUCCEEDED, 0)
    able = outcomes.get(BulkRow.State.WAITING, 0)
    calls = able * (1 + verb.reads if verb else 1)
    return {
        "may_control": may,
        "may_begin": run.state == STATE.DRAFT and verb and run.user_id == user.pk and bool(able),
        "may_stop": may and run.state == STATE.RUNNING,
        "may_resume": may and run.state == STATE.STOPPED and verb is not None,
        "failed": failed if may and verb and over else 0,
        "inverse": inverse if over and inverse and changed and user.has_perm(inverse.permission) else None,
        "changed": changed,
        "may_see_to": may and run.needs_a_person,
        "undone": BulkRun.objects.filter(undo_of=run).order_by("created_at") if changed else (),
        "bad": outcomes.get(BulkRow.State.BAD, 0),
        "able": able,
        "calls": calls,
        "takes": runs.takes(calls),
        "accounts": BulkRow.objects.filter(run=run).order_by().values("account_id").distinct().count(),
        "list_name": capfirst((verb.noun or account_model())._meta.verbose_name_plural) if verb else "",
    }


def _shown(request: HttpRequest, run: BulkRun, verb: Verb | None, rows: list[Any]) -> list[BulkRow]:
    """The rows with what is said of them: `of` (the object now), `name`, `shown_id`, `effect`, `said`. Four queries."""
    model: Any = (verb.noun if verb else None) or account_model()
    found = model.objects.in_bulk([row.target for row in rows])
    waiting = [found[row.target] for row in rows if row.outcome == "waiting" and row.target in found]
    if verb and waiting:
        verb.gather(waiting)
    told = verb.effects(waiting) if verb and waiting else {}
    seen = staff(request).has_perm(PERSONAL)
    for row in rows:
        row.of = found.get(row.target)
        row.name = str(row.of) if row.of else row.target
        url = row.of.get_absolute_url() if row.of else ""
        row.url = url if url and leading.may_open(staff(request), url) else ""
        own = effects.of_row(verb, row.of, row.params, may_see=seen) if row.outcome == "waiting" and row.params else ""
        row.effect = " · ".join(filter(None, (_changed(run, verb, row), told.get(row.target, ""), own)))
        typed = "" if copied.AN_ID.fullmatch(row.target) else row.target[: files.LONGEST]  # in a file, for an id
        row.shown_id = row.target if seen or not typed else masking.MASK
        row.said = masking.Mask(seen, frozenset({typed})).text(row.why or _forgotten(row))
        row.said = _refused(row.operation, verb, may_see=seen) or row.said
        row.said_first = _refused(row.first, verb, may_see=seen) or masking.Mask(seen).text(row.first_why)
    return rows


def _refused(operation: Operation | None, verb: Verb | None, *, may_see: bool) -> str:
    """Why it came to nothing, "" where it did not; without what was typed for who may not see that."""
    words = operation.error_message if operation else ""
    return masking.of_operation(operation, verb, may_see=may_see).text(words) if operation and words else ""


def _forgotten(row: Any) -> str:
    """That a row does not hold any more what was entered for it; its operation has what was sent."""
    return forgetting.WORDS.format(row.forgotten_at) if row.forgotten_at else ""


def _changed(run: BulkRun, verb: Verb | None, row: Any) -> str:
    """That a row is another than a second person was asked about, and is not sent for that."""
    if not (verb and row.shown and row.outcome == "waiting" and (run.state == STATE.DRAFT or run.approved)):
        return ""
    names = bulk_rows.changed(verb, row, row.of, run.common)
    return f"Changed since a second person was asked ({', '.join(names)}): it will not be sent" if names else ""


def _rows(request: HttpRequest, rows: Any) -> tuple[list[Any], str, str]:
    """One page in the order of the run, with the addresses of the pages before and after it. One query."""
    before, after = (addresses.number(request.GET.get(name, "")) for name in (BEFORE, AFTER))
    if before is not None:
        found = list(rows.filter(position__lt=before).order_by("-position")[: ROWS + 1])
        more, found = len(found) > ROWS, found[:ROWS][::-1]
        earlier, later = more, True
    else:
        found = list(rows.filter(position__gt=after or 0).order_by("position")[: ROWS + 1])
        more, found = len(found) > ROWS, found[:ROWS]
        earlier, later = after is not None, more
    shown = {"show": request.GET.get("show", "")}
    return (
        found,
        address(request.path, {**shown, BEFORE: str(found[0].position)}) if found and earlier else "",
        address(request.path, {**shown, AFTER: str(found[-1].position)}) if found and later else "",
    )


def _tabs(request: HttpRequest, shown: str, outcomes: dict[str, int]) -> list[dict[str, Any]]:
    tabs = [{"label": "All", "url": request.path, "current": shown not in TABS, "count": sum(outcomes.values())}]
    for name, (word, names, *_) in TABS.items():
        if number := sum(outcomes.get(each, 0) for each in names):
            url = address(request.path, {"show": name})
            tabs.append({"label": word, "url": url, "current": shown == name, "count": number})
    return tabs

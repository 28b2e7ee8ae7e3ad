"""The page of an approval: what was asked for, what it would do now, and the decision."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from console.approvals import deciding, exact, showing
from console.approvals.deciding import Changed, SeenOther
from console.approvals.exact import Exact
from console.approvals.models import Approval
from console.operations import verbs
from console.operations.admission import Denied, held_by
from console.operations.models import Operation
from console.operations.outcome import left
from console.operations.pages import SeeOther
from console.people import masking, roles
from console.people.signed_in import may_see, needs, staff
from console.shell import leading, typed_again
from console.shell.drawing import page
from console.viewing import sessions
from console.viewing.access import OTHER_ACCOUNT
from console.viewing.held import Held, clear
from gateway.mirror import account_model

State = Approval.State
ENDED = {
    State.APPROVED: ("ok", "check"),
    State.REFUSED: ("bad", "crossed"),
    State.WITHDRAWN: ("info", "dash"),
    State.VOID: ("warn", "triangle"),
    State.EXPIRED: ("warn", "clock"),
}


@require_safe
@needs("console.view_approval")
def approval_list(request: HttpRequest) -> HttpResponseBase:
    """The admin's list of approvals, with the query that came."""
    return leading.lead(request, reverse("admin:console_approval_changelist"))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("console.view_approval")
@typed_again.kept
def approval_page(request: HttpRequest, approval_id: uuid.UUID) -> HttpResponseBase:
    """GET: the exact request, what it replaces, what changed since. POST `decision`: approve, refuse, withdraw, again,
    leave. 403 with why not, 409 where it changed, 422 for no decision; what was typed stays.
    """
    approval = _get(approval_id)
    if request.method != "POST":
        typed = typed_again.take(request)
        return _draw(request, approval, note=typed.get("note", "") if typed else "")
    if request.POST.get("for_account", "") != approval.operation.account_id:
        raise PermissionDenied(OTHER_ACCOUNT)
    if "session" in request.POST:
        clear(request)
        return _draw(request, approval)
    try:
        return _decide(request, approval)
    except (Changed, SeenOther) as changed:
        return _draw(request, _get(approval_id), status=409, problem=str(changed))
    except Denied as denied:
        found = _get(approval_id)
        if _own_again(request, found):
            approved = found.state == State.APPROVED
            return _sent(request, found.operation) if approved else SeeOther(request.path)
        return _draw(request, found, status=403, problem=str(denied))


def _own_again(request: HttpRequest, approval: Approval) -> bool:
    """Whether it is a second click on what this person has just decided: it is answered as the first."""
    own = {
        "approve": (State.APPROVED, approval.approver_id),
        "refuse": (State.REFUSED, approval.approver_id),
        "withdraw": (State.WITHDRAWN, approval.requester_id),
    }
    return own.get(request.POST.get("decision", "")) == (approval.state, staff(request).pk)


def _get(approval_id: uuid.UUID) -> Approval:
    rows = Approval.objects.select_related("operation__work_session", "requester", "approver")
    return get_object_or_404(rows, pk=approval_id)


def _decide(request: HttpRequest, approval: Approval) -> HttpResponseBase:
    decision, user = request.POST.get("decision", ""), staff(request)
    if decision == "approve":
        note, seen = request.POST.get("note", "").strip(), request.POST.get("seen", "")
        return _sent(request, deciding.approve(approval, user=user, seen=seen, note=note).operation)
    if decision == "again":
        return SeeOther(page_of(deciding.ask_again(approval, user=user).operation))
    if decision == "refuse":
        deciding.refuse(approval, user=user, note=request.POST.get("note", ""))
        messages.success(request, f"Refused. {approval.requester.get_username()} sees it on home.")
    elif decision == "withdraw":
        deciding.withdraw(approval, user=user)
        messages.success(request, "Withdrawn. Nothing was sent.")
    elif decision == "leave":
        deciding.leave(approval, user=user)
        messages.success(request, "Left as it is.")
    else:
        return _draw(request, approval, status=422, problem="Decide: approve it, or refuse it.")
    return SeeOther(request.path)


def _sent(request: HttpRequest, operation: Operation) -> HttpResponse:
    """After it was approved: the operation, with what came of it."""
    verb = verbs.find(operation.verb)
    if verb and operation.state == Operation.State.SUCCEEDED:
        tone = messages.SUCCESS if verb.went_well(operation) else messages.WARNING
        messages.add_message(request, tone, f"Approved. {verb.done(operation)}")
    return SeeOther(reverse("operation", args=[operation.pk]))


def page_of(operation: Operation) -> str:
    """The page of what waits for a second person; the operation's own where it does not."""
    if operation.state != Operation.State.AWAITING:
        return reverse("operation", args=[operation.pk])
    return reverse("approval", args=[Approval.objects.only("pk").get(operation=operation).pk])


def _draw(
    request: HttpRequest, approval: Approval, *, status: int = 200, problem: str = "", note: str = ""
) -> HttpResponse:
    operation = approval.operation
    verb, now = verbs.find(operation.verb), exact.read(operation) if approval.open else None
    stale = deciding.stale(approval, now) if approval.open else []
    found = exact.differences(approval.request, now.data) if now else []
    mask = masking.of_operation(operation, verb, may_see=may_see(request))
    calls = showing.calls(approval, now, found, may_see=may_see(request))
    tone, sign = ENDED.get(State(approval.state), ("info", "hourglass"))
    context = {
        "title": masking.masked(showing.headline(operation, now.row if now else None), may_see=may_see(request)),
        "approval": approval,
        "operation": operation,
        "verb": verb,
        "account": {"id": operation.account_id, "name": operation.account_name} if operation.account_id else None,
        "left": left(account_model().objects.filter(pk=operation.account_id).first()) if operation.account_id else "",
        "open": approval.open,
        "time_left": approval.until - timezone.now(),
        "tone": tone,
        "sign": sign,
        "stale": [mask.text(each) for each in stale],
        "changed": exact.changed_facts(approval.request, now.data) if now and not stale else [],
        "calls": calls,
        "said": mask.data({"reason": operation.reason, "ticket": operation.ticket, "note": approval.note}),
        "problem": problem,
        "note": request.POST.get("note", note),
        "makes_new": bool(now and now.request and now.request.before is None and not now.request.changes)
        and (verb is None or verb.calls),
        "told": verb.told(operation) if verb else [],
        "compares": now is not None or any(line.was for call in calls for line in call.lines),
        **_request(now, approval),
        **_rights(request, approval, now),
    }
    return page(request, "console/approvals/approval.html", context, status=status)


def _request(now: Exact | None, approval: Approval) -> dict[str, Any]:
    """What the verb tells of its request beside the calls: changes in words, facts, the way back."""
    request = now.request if now else None
    return {
        "changes": request.changes if request else (),
        "facts": now.data["facts"] if now else approval.request.get("facts", []),
        "undo": request.undo if request else "",
        "seen": now.seen if now else "",
    }


def _rights(request: HttpRequest, approval: Approval, now: Exact | None) -> dict[str, Any]:
    """What this person may do here, and why not."""
    user, mine = staff(request), approval.requester_id == staff(request).pk
    no = deciding.objection(approval, user) if approval.open and not mine else ""
    return {
        "mine": mine,
        "no": no,
        "may_decide": approval.open and not mine and not no,
        "may_answer": deciding.may_answer(approval, user),
        "held": _held(request, approval) if approval.open and not mine and not no and now else None,
        "who": roles.who_may(*deciding.permissions(approval)),
    }


def _held(request: HttpRequest, approval: Approval) -> Held | None:
    """What holds the write in the work session of who would approve it."""
    operation, verb = approval.operation, verbs.find(approval.operation.verb)
    about = Operation(account_id=operation.account_id, account_name=operation.account_name)
    return held_by(sessions.of_person(request), verb, about) if verb else None

"""One operation's whole life on a page, and the two things a person may decide about a lost one."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.brakes import standing
from console.operations import door, verbs
from console.operations.admission import Denied, held_by
from console.operations.door import DECIDES
from console.operations.models import Operation
from console.operations.pages import SeeOther
from console.operations.verbs import Verb
from console.people import masking, roles
from console.people.masking import Mask
from console.people.models import User
from console.people.signed_in import PERSONAL, needs, staff
from console.record import words
from console.shell import leading
from console.shell.drawing import page
from console.viewing import sessions
from console.viewing.access import OTHER_ACCOUNT
from console.viewing.held import clear
from gateway.errors import NOT_SENT
from gateway.mirror import account_model

State = Operation.State
SENTENCES = {
    State.AWAITING: "It waits for a second person. Nothing has been sent.",
    State.NOT_APPROVED: "No second person approved it. Nothing was sent.",
    State.INTENT: "It has not been sent yet. The worker sends it next.",
    State.SENDING: "It is being sent to Stripe.",
    State.REFUSED: "Stripe refused it. Nothing was changed.",
    State.UNKNOWN: "Stripe did not answer: it may or may not have happened. It is being settled: by an event, by the"
    " same key sent again, or by looking it up.",
    State.NOT_FOUND: "Not found at Stripe. Nothing is sent again by itself: decide {}.",
    State.DROPPED: "It was dropped and will not be sent again.",
}
ANSWERED_SINCE = (
    "An earlier try may or may not have happened, and Stripe’s latest answer says nothing of it. It is being settled:"
    " by an event, by the same key sent again, or by looking it up."
)
WITHOUT_CALLS = {  # of an act that makes no call to Stripe
    State.INTENT: "It has not been done yet. The worker does it next.",
    State.SENDING: "It is being done.",
    State.REFUSED: "It was refused. Nothing was sent to Stripe.",
    State.UNKNOWN: "It ended before it was done. The worker goes on with it.",
}
SIGNS = {  # the tone and the icon of its sentence
    State.SUCCEEDED: ("ok", "check"),
    State.REFUSED: ("bad", "crossed"),
    State.UNKNOWN: ("warn", "ring"),
    State.NOT_FOUND: ("warn", "triangle"),
    State.DROPPED: ("info", "dash"),
    State.AWAITING: ("info", "approvals"),
    State.NOT_APPROVED: ("info", "dash"),
}
SAID = ("error_message", "error_param", "reason", "ticket")  # what staff and Stripe wrote
BRAKED = "It goes on when that is lifted; after 24 hours it would come as a surprise, and a person decides."
STOPPED = (
    "Its bulk run was stopped before it was sent. It goes on when the run is resumed; after 24 hours it would come as a"
    " surprise, and a person decides."
)
PARKED = "Stripe could not be reached, and it is not tried again by itself. Nothing was changed at Stripe: decide {}."
PARKED_UNKNOWN = (
    "It may or may not have happened at Stripe, and it is not tried again by itself. Look at Stripe, then decide {}."
)


@require_safe
@needs("console.view_operation")
def operation_list(request: HttpRequest) -> HttpResponseBase:
    """The admin's list of operations, with the query that came."""
    return leading.lead(request, reverse("admin:console_operation_changelist"))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("console.view_operation")
def operation_page(request: HttpRequest, operation_id: uuid.UUID) -> HttpResponseBase:
    """GET: who, why, what was sent, each try, the outcome. POST `decision` (again, drop), where it needs a person."""
    operation = _get(operation_id)
    if request.method == "POST":
        return _decide(request, operation)
    return _draw(request, operation)


@require_safe
@needs("console.view_operation")
def operation_state(request: HttpRequest, operation_id: uuid.UUID) -> HttpResponse:
    """JSON for a page that waits: state, label, settled, sentence, next_url (after success, else "")."""
    return JsonResponse(_state(_get(operation_id), staff(request)))


def _get(operation_id: uuid.UUID) -> Operation:
    return get_object_or_404(Operation.objects.select_related("user", "work_session", "approval"), pk=operation_id)


def _state(operation: Operation, user: User) -> dict[str, Any]:
    verb = verbs.find(operation.verb)
    succeeded = operation.state == State.SUCCEEDED
    parked = operation.state in Operation.UNSETTLED and door.needs_a_person(operation)
    return {
        "state": operation.state,
        "label": operation.get_state_display(),
        "settled": parked or operation.state not in Operation.UNSETTLED,
        "sentence": _mask(operation, verb, user).text(_sentence(operation, verb, user, parked=parked)),
        "next_url": verb.next_url(operation) if verb and succeeded else "",
    }


def _mask(operation: Operation, verb: Verb | None, user: User) -> Mask:
    return masking.of_operation(operation, verb, may_see=user.has_perm(PERSONAL))


def _sentence(operation: Operation, verb: Verb | None, user: User, *, parked: bool) -> str:
    if operation.state == State.SUCCEEDED:
        return verb.done(operation) if verb else "Done."
    if verb and operation.braked_at and (stopped := standing.stopped(verb, operation.account_id)):
        return f"It is put off. {stopped.sentence}. {BRAKED}"
    if operation.error_code == NOT_SENT:
        return operation.error_message
    decided = "below" if user.has_perm(DECIDES) else f"with {roles.who_may(DECIDES).lower()}, who can do it here"
    if parked:
        return (PARKED if operation.state == State.INTENT else PARKED_UNKNOWN).format(decided)
    if operation.state == State.INTENT and door.is_of_stopped_run(operation):
        return STOPPED
    if operation.state == State.UNKNOWN and operation.tries and 400 <= operation.tries[-1]["status"] < 500:
        return ANSWERED_SINCE
    own = WITHOUT_CALLS if verb and not verb.calls else SENTENCES
    return own.get(State(operation.state), SENTENCES[State(operation.state)]).format(decided)


def _decide(request: HttpRequest, operation: Operation) -> HttpResponseBase:
    if request.POST.get("for_account", "") != operation.account_id:
        raise PermissionDenied(OTHER_ACCOUNT)
    if "session" in request.POST:
        clear(request)
        return _draw(request, operation)
    try:
        if request.POST.get("decision") == "again":
            new = door.send_again(operation, user=staff(request)).operation
            return SeeOther(reverse("operation", args=[new.pk]))
        if request.POST.get("decision") == "drop":
            door.drop(operation, user=staff(request))
            messages.success(request, "Dropped.")
            return SeeOther(request.path)
    except Denied as denied:
        return _draw(request, operation, status=403, decision_error=str(denied))
    return _draw(request, operation, status=422, decision_error="Decide: send it again, or drop it.")


def _draw(request: HttpRequest, operation: Operation, *, status: int = 200, decision_error: str = "") -> HttpResponse:
    operation.refresh_from_db()
    verb, state = verbs.find(operation.verb), _state(operation, staff(request))
    label = verb.label if verb else operation.verb
    rights = _rights(staff(request), operation, verb)
    again = Operation(account_id=operation.account_id, account_name=operation.account_name)
    tone, sign = SIGNS.get(State(operation.state), ("info", "hourglass"))
    context = {
        "title": label,
        "operation": operation,
        "verb": verb,
        "label": label,
        "account": {"id": operation.account_id, "name": operation.account_name} if operation.account_id else None,
        "left": left(account_model().objects.filter(pk=operation.account_id).first()) if operation.account_id else "",
        "params": masking.params(operation, verb, may_see=staff(request).has_perm(PERSONAL)),
        "said": _mask(operation, verb, staff(request)).data({name: getattr(operation, name) for name in SAID}),
        "approval": getattr(operation, "approval", None),
        "tries": _mask(operation, verb, staff(request)).data(operation.tries),
        "calls": verb is None or verb.calls,
        "sentence": state["sentence"],
        "next_url": state["next_url"],
        "poll": not state["settled"],
        "tone": "warn" if tone == "info" and rights["may_decide"] else tone,
        "sign": sign,
        "told": verb.told(operation) if verb else [],
        "again_as": operation.result.get("sent_again_as", ""),
        "decision_error": decision_error,
        "held": verb and rights["may_send_again"] and held_by(sessions.of_person(request), verb, again),
        **rights,
    }
    return page(request, "console/operations/operation.html", context, status=status)


def left(account: Any) -> str:
    """That an account, None for one that is not here, is not there to act on any more; "" for one that is."""
    if account is None:
        return "The account is not here any more."
    return "The account is no longer connected to this platform." if account.gone else ""


def _rights(user: User, operation: Operation, verb: Verb | None) -> dict[str, Any]:
    """What this person may see and decide here."""
    may_decide = user.has_perm(DECIDES) and door.needs_a_person(operation)
    may_do_it = verb is not None and user.has_perm(verb.permission) and not operation.sensitive
    trail = operation.audit_entries.order_by("number") if user.has_perm("console.view_auditentry") else []
    for entry in trail:
        entry.did = words.action(entry.action)  # type: ignore[attr-defined]
    return {"may_decide": may_decide, "may_send_again": may_decide and may_do_it, "audit_entries": trail}

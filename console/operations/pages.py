"""The page of every verb for one object; console.operations.bulk has the one for many."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.approvals import asking, waiting
from console.brakes import standing
from console.operations import door, rights, sent_before, verbs
from console.operations.admission import AlreadySent, Denied, held_by, row_objection
from console.operations.door import Performed
from console.operations.fields import Where
from console.operations.forms import (
    TOKEN,
    ReasonForm,
    field_of,
    fresh_token,
    once_more,
    own_values,
    page_form,
    preview_of,
    problems,
    unanswered,
)
from console.operations.models import Operation
from console.operations.updating import DRAWN, digests
from console.operations.verbs import Request, Verb
from console.people import roles
from console.people.sign_in import address
from console.people.signed_in import may_see, needs, staff
from console.record import audit
from console.shell import typed_again
from console.shell.drawing import page
from console.viewing import sessions
from console.viewing.access import OTHER_ACCOUNT, get_object, view_as
from console.viewing.held import Held, clear
from console.viewing.models import WorkSession
from console.viewing.pages import first_page
from console.viewing.sessions import PREVIEW
from gateway.mirror import Mirror, account_model

State = Operation.State


class SeeOther(HttpResponseRedirect):
    """After a POST: get the next page, whatever the method was."""

    status_code = 303


@dataclass(frozen=True)
class Desk:
    """What one rendering is about: the verb, the account ("" for the platform's own acts), the object, the session."""

    verb: Verb
    account_id: str
    account_name: str
    session: WorkSession | None  # the person's open one, whichever account it is for
    where: Where  # with the row that it is about
    viewing: bool = False  # below /<account>/, with the account's menu

    @property
    def own_session(self) -> WorkSession | None:
        """The session, where it is for this account: its reason and ticket are this operation's."""
        return self.session if self.session and self.session.account_id == self.account_id else None

    @property
    def row(self) -> Mirror | None:
        """The object that a verb with a noun acts on."""
        return self.where.row if self.verb.noun else None

    def again(self) -> "Desk":
        """The same with its row as it stands now: after an attempt it may be another."""
        row = self.verb.row(self.account_id, self.where.object_id)
        return replace(self, where=replace(self.where, row=row))

    def form(self, *its: Any, **options: Any) -> ReasonForm:
        """The form for what it is about."""
        return page_form(self.verb)(*its, where=self.where, **options)

    def objections(self, request: HttpRequest) -> tuple[str, Held | None]:
        """Why it can never be done, and what holds it now: as the door asks, and said before anybody types."""
        intent = Operation(
            user=staff(request),
            account_id=self.account_id,
            account_name=self.account_name,
            object_id=self.where.object_id,
            work_session=self.session,
        )
        never = row_objection(self.verb, intent, self.where.row) if self.verb.asks_row else ""
        return never, None if never else held_by(sessions.of_person(request), self.verb, intent)

    def first_values(self, request: HttpRequest) -> dict[str, Any]:
        """The form's: the session's reason, the verb's own, and what the address names (`?card=ic_…`)."""
        session, its = self.own_session, self.verb.initial(self.where.row)
        return {
            "reason": session.reason if session else "",
            "ticket": session.ticket if session else "",
            "form_token": fresh_token(),
            "for_account": self.account_id,
            DRAWN: digests(its),
            **its,
            **_named(request, self.verb),
        }


def _named(request: HttpRequest, verb: Verb) -> dict[str, Any]:
    """Values that the address names and their fields take; nobody passes a sensitive one so."""
    found = {}
    for name, field in verb.form.base_fields.items():
        if name in request.GET and name not in verb.sensitive:
            with suppress(ValidationError):
                found[name] = field.clean(request.GET[name])
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@needs()
def verb_page(request: HttpRequest, verb_name: str, account_id: str = "") -> HttpResponse:
    """GET: the form. POST: send it, or with PREVIEW draw it again with what would be sent.

    422 with what is wrong (a preview says so with 200), 403 with why not, 409 with what this form sent before.

    Nothing is lost but sensitive values.
    """
    return _answer_with(request, _desk(request, verb_name, account_id))


def known_verb(request: HttpRequest, account_id: str, verb_name: str, **place: str) -> None:
    """Raises as `get_verb` does: nobody is asked for a reason to do what does not exist."""
    get_verb(request, verb_name, one=True)


@require_http_methods(["GET", "HEAD", "POST"])
@partial(view_as, first=known_verb)
def viewing_verb_page(
    request: HttpRequest, account_id: str, verb_name: str, place: str = "", object_id: str = ""
) -> HttpResponse:
    """The same while viewing the account, whose menu and banner stay: about it, or about one object of it at `place`.

    Another account's object is not found.
    """
    return _answer_with(request, _desk(request, verb_name, account_id, place, object_id, viewing=True))


def get_verb(request: HttpRequest, verb_name: str, *, one: bool = False) -> Verb:
    """The verb; Http404 where there is none (or not in this mode), 403 for who may not do it for many, or for `one`."""
    try:
        verb = verbs.get(verb_name)
    except KeyError:
        raise Http404(f"No verb {verb_name}.") from None
    if not verb.offered:
        raise Http404(f"No page begins {verb_name}.")
    user = staff(request)
    if not (rights.may(user, verb) if one else user.has_perm(verb.permission)):
        raise PermissionDenied(roles.lacking(verb.permission))
    return verb


def _desk(
    request: HttpRequest,
    verb_name: str,
    account_id: str,
    place: str = "",
    object_id: str = "",
    *,
    viewing: bool = False,
) -> Desk:
    verb = get_verb(request, verb_name, one=True)
    account = account_model().objects.filter(pk=account_id).first() if account_id else None
    if verb.about_account != bool(account_id) or verb.about_account != bool(account):
        raise Http404(f"No account {account_id}." if account_id else f"{verb.label} is about an account.")
    if bool(verb.noun) != bool(place):
        raise Http404(f"{verb.label} is not about {place or 'an account'}.")
    row: Any = get_object(request, verb.noun.objects.all(), account_id, object_id) if verb.noun else account
    if verb.noun and row.get_absolute_url() != f"/{account_id}/{place}/{object_id}":
        raise Http404(f"{verb.label} is not about {place}.")
    where = Where(account_id, object_id, address(request), row, bounded=rights.bounded(staff(request), verb))
    return Desk(verb, account_id, str(account or ""), sessions.current(request), where, viewing=viewing)


def _answer_with(request: HttpRequest, desk: Desk) -> HttpResponse:
    if request.method == "POST":
        return _post(request, desk)
    if typed := typed_again.take(request):
        form, emptied = once_more(desk.verb, typed, desk.where)
        return _draw(request, desk, form, emptied=emptied)
    return _draw(request, desk, desk.form(initial=desk.first_values(request)))


def _post(request: HttpRequest, desk: Desk) -> HttpResponse:
    if request.POST.get("for_account", "") != desk.account_id:
        with transaction.atomic():
            detail = {"verb": desk.verb.name, "drawn_for": request.POST.get("for_account", "")[:255]}
            audit.record("access.refused", user=staff(request), account_id=desk.account_id, detail=detail)
        raise PermissionDenied(OTHER_ACCOUNT)
    if "session" in request.POST:
        return _cleared(request, desk)
    form = desk.form(request.POST)
    sound = form.is_valid()
    if PREVIEW in request.POST:  # nothing was sent, so the form stays the one it is
        token = request.POST.get("form_token", "")
        return _draw_again(request, desk, form, token if TOKEN.fullmatch(token) else "")
    if not sound:
        return _draw_again(request, desk, form)
    if asked := unanswered(form, request.POST):
        form, emptied = once_more(desk.verb, request.POST, desk.where)
        return _draw(request, desk, form, status=409, asked=asked, emptied=emptied)
    try:
        performed = _perform(request, desk, form.cleaned_data)
    except AlreadySent as already:
        desk = desk.again()
        form, emptied = once_more(desk.verb, request.POST, desk.where)
        return _draw(request, desk, form, status=409, already=already, emptied=emptied)
    except Denied as denied:
        desk = desk.again()
        form, emptied = once_more(desk.verb, request.POST, desk.where)
        return _draw(request, desk, form, status=403, denied=str(denied), emptied=emptied)
    return _answer(request, desk, performed)


def _cleared(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The page after a button about the work session: nothing was sent, all entries are there."""
    clear(request)
    form, emptied = once_more(desk.verb, request.POST, desk.where)
    return _draw(request, replace(desk, session=sessions.current(request)), form, emptied=emptied)


def _draw_again(request: HttpRequest, desk: Desk, typed: ReasonForm, token: str = "") -> HttpResponse:
    """The page with what is wrong, if anything is, and with what would be sent. Nothing was.

    All entries are there, except sensitive ones, which go nowhere.
    """
    form, emptied = once_more(desk.verb, request.POST, desk.where, token)
    for name, words in problems(typed, desk.verb).items():
        if new := [each for each in words if each not in form.errors.get(name, ())]:
            form.add_error(None if name in ("form_token", "for_account", NON_FIELD_ERRORS) else name, new)
    status = 200 if PREVIEW in request.POST else 422
    return _draw(request, desk, form, status=status, emptied=emptied, preview=_preview(request, desk, typed))


def _perform(request: HttpRequest, desk: Desk, cleaned: dict[str, Any]) -> Performed:
    own = {name: value for name, value in cleaned.items() if name in desk.verb.form.base_fields}
    return door.perform(
        desk.verb,
        user=staff(request),
        params=own,
        reason=cleaned["reason"],
        ticket=cleaned["ticket"],
        form_token=cleaned["form_token"],
        account_id=desk.account_id,
        account_name=desk.account_name,
        object_id=desk.where.object_id,
        work_session=desk.session if desk.verb.sends and desk.verb.about_account else desk.own_session,
    )


def _answer(request: HttpRequest, desk: Desk, performed: Performed) -> HttpResponse:
    operation = performed.operation
    if performed.again and (words := sent_before.not_compared(operation)):
        messages.warning(request, words)
    if operation.state == State.AWAITING:
        messages.info(request, "Nothing has been sent: it waits for a second person.")
        return SeeOther(reverse("approval", args=[operation.approval.pk]))
    if operation.state == State.REFUSED:
        return _draw_refused(request, desk.again(), operation)
    if performed.shown and desk.verb.result_template:
        context = {**_frame(desk), "operation": operation, **performed.shown}
        response = page(request, desk.verb.result_template, context)
        response["Cache-Control"] = "no-store"
        return response
    if operation.state != State.SUCCEEDED or (performed.again and desk.verb.result_template):
        return SeeOther(reverse("operation", args=[operation.pk]))
    well = desk.verb.went_well(operation)
    messages.add_message(request, messages.SUCCESS if well else messages.WARNING, desk.verb.done(operation))
    return SeeOther(desk.verb.next_url(operation))


def _draw_refused(request: HttpRequest, desk: Desk, operation: Operation) -> HttpResponse:
    """The form as it was sent, Stripe's words above it and at their field. Corrected, it is a new operation."""
    form, emptied = once_more(desk.verb, request.POST, desk.where)
    name = field_of(operation.error_param, form)
    if name and name not in form.errors:
        form.add_error(name, operation.error_message)
    error = {
        "message": operation.error_message,
        "code": operation.error_code,
        "param": operation.error_param,
        "request_id": operation.request_id,
        "field": form[name].label if name else "",
    }
    return _draw(request, desk, form, status=422, error=error, operation=operation, emptied=emptied)


def _frame(desk: Desk) -> dict[str, Any]:
    account = {"id": desk.account_id, "name": desk.account_name} if desk.account_id else None
    return {
        "verb": desk.verb,
        "account": account,
        "row": desk.row,
        "title": desk.verb.label,
        "viewing": desk.viewing,
        "back_url": _back_url(desk),
    }


def _back_url(desk: Desk) -> str:
    """Where this page was probably opened from."""
    if desk.row is not None:
        return desk.row.get_absolute_url()  # type: ignore[attr-defined]
    if desk.viewing:
        return first_page(desk.account_id)
    return reverse("account", args=[desk.account_id]) if desk.account_id else reverse("admin:index")


def _draw(request: HttpRequest, desk: Desk, form: ReasonForm, *, status: int = 200, **more: Any) -> HttpResponse:
    never, way = desk.objections(request)
    stopped = None if never else standing.stopped(desk.verb, desk.account_id)
    context = {
        "never": never,
        "denied": never or (stopped.sentence if stopped and not stopped.but else "") or (way.sentence if way else ""),
        "stopped": stopped,
        "held": way,
        "already": None,
        "asked": None,
        "error": None,
        "operation": None,
        "emptied": [],
        "previews": bool(desk.verb.form.base_fields),
        **more,
    }
    if not never and desk.verb.sends:
        context["second"] = asking.why_second(desk.verb, desk.where.row, own_values(form, desk.verb))
        waits = waiting.notices(request, desk.account_id, desk.where.object_id, desk.verb.name)
        context["waiting_approvals"] = waits
    context["preview"] = None if never else context.get("preview") or _preview(request, desk, form)
    return page(
        request,
        "console/operations/verb.html",
        {**_frame(desk), "form": form, "keeps_entries": desk.viewing and not never, **context},
        status=status,
    )


def _preview(request: HttpRequest, desk: Desk, form: ReasonForm) -> Request | None:
    row: Any = desk.where.row
    if desk.verb.about_account and row is None:  # gone meanwhile
        return None
    desk.verb.gather([row])
    return preview_of(desk.verb, row, form, may_see=may_see(request))

"""One verb for many accounts or objects: a preview with a row for each, then an operation for each."""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from console.brakes import standing
from console.operations import door
from console.operations.door import Denied
from console.operations.fields import VerbForm, Where
from console.operations.forms import TOKEN, Asked, fresh_token, many_form, preview_of, unanswered
from console.operations.models import Operation
from console.operations.pages import get_verb
from console.operations.verbs import Request, Verb
from console.people.sign_in import address
from console.people.signed_in import may_see, needs, staff
from console.shell import typed_again
from console.shell.drawing import page
from console.viewing import sessions
from console.viewing.access import safe_next
from console.viewing.held import Held, clear
from console.viewing.sessions import PREVIEW
from gateway.mirror import account_model

INLINE_SECONDS = 5  # as long as a person may wait: one more attempt may begin until then, the rest goes to the worker


@dataclass
class Row:
    """One account or object of the form: its token, and after the run its operation or why there is none."""

    id: str
    name: str
    token: str
    account_id: str
    account_name: str
    of: Any  # the account or object as it was read for this page
    url: str
    effect: str = ""  # what happens to it, where the verb says so
    form: VerbForm | None = None  # its own entries, where the verb asks each row for some and something can be done
    operation: Operation | None = None
    error: str = ""  # before the run: why nothing can be done with it
    request: Request | None = None  # what will be sent for it, where anything can be done
    held: Held | None = None  # where it is the person's work session that says so
    already: str = ""  # why nothing is sent for it

    @property
    def object_id(self) -> str:
        """Its id where it is an object of an account, "" for an account."""
        return self.id if self.id != self.account_id else ""


@require_http_methods(["GET", "HEAD", "POST"])
@needs()
def bulk_page(request: HttpRequest, verb_name: str) -> HttpResponse:
    """The page of one verb for many, at its own address. A verb that asks each row for entries has its own."""
    verb = get_verb(request, verb_name)
    if not verb.bulk:
        raise BadRequest(f"“{verb.label}” is done for one at a time. Open the page of the one it is for.")
    return answer(request, verb)


@require_http_methods(["GET", "HEAD", "POST"])
@needs()
def rows_page(request: HttpRequest, verb_name: str) -> HttpResponse:
    """The page of one verb for many, each with entries of its own."""
    return answer(request, get_verb(request, verb_name))


def answer(request: HttpRequest, verb: Verb, ids: list[str] | None = None) -> HttpResponse:
    """With `ids` (from a list's action), `?id=`, or `?account=` and `?status=`: the preview.

    Its POST: one operation a row, none where one is wrong.
    Context: verb, form, rows, bad, ran, preview. Running the same form again finds the operations it made.
    """
    if ids is None and request.method == "POST":
        return _run(request, verb)
    if ids is None and (typed := typed_again.take(request)):
        return _again(request, verb, typed)
    if ids is None and not {"id", "account"} & request.GET.keys():  # an address that was reloaded after its POST
        messages.info(request, f"Choose in the list again what “{verb.label}” is for: nothing was sent.")
        return redirect(_list(verb))
    named = _named(request, verb) if ids is None else ids
    if not named and "account" in request.GET:  # it was done meanwhile, by a colleague or from a page left open
        messages.info(request, f"“{verb.label}” has nothing left to do for this account: nothing was sent.")
        return redirect(_back(request, verb))
    if ids is None and "id" not in request.GET and len(named) > verb.most:
        many = f"There are more than can be done at once. These are the newest {verb.most}: repeat it for the rest."
        messages.info(request, many)
        named = named[: verb.most]
    chosen = limited(named, verb.most)
    rows = _rows(verb, {each: fresh_token() for each in chosen})
    common, own = verb.initial_many([row.id for row in rows])
    form = many_form(verb)(initial={**common, **_reason_of_session(request, rows), "form_token": fresh_token()})
    _give_forms(request, verb, rows, form, own)
    _hold(request, verb, rows)
    return _draw(request, verb, form, rows)


def _named(request: HttpRequest, verb: Verb) -> list[str]:
    """The ids in the address; or those of all rows of an account with a status, one more than can be done at once."""
    if not verb.noun or "id" in request.GET:
        return request.GET.getlist("id")
    rows: Any = verb.noun.objects.filter(account_id=request.GET["account"], gone_at=None)
    return list(rows.with_status(request.GET.get("status", "")).values_list("pk", flat=True)[: verb.most + 1])


def _reason_of_session(request: HttpRequest, rows: list[Row]) -> dict[str, str]:
    """Reason and ticket of the work session, where all rows are its account's."""
    session = sessions.current(request)
    own = session and all(row.account_id == session.account_id for row in rows)
    return {"reason": session.reason, "ticket": session.ticket} if session and own else {}


def _hold(request: HttpRequest, verb: Verb, rows: list[Row]) -> None:
    """Say of each row whether the person's work session holds it, as the door asks: those are left out."""
    session = sessions.of_person(request)
    for row in rows:
        intent = Operation(account_id=row.account_id, account_name=row.account_name)
        stopped = standing.stopped(verb, row.account_id)
        if not (row.error or row.already) and stopped and not stopped.but:
            row.error = stopped.sentence
        if not (row.error or row.already) and (way := door.held_by(session, verb, intent)):
            row.held, row.error = way, way.sentence


def limited(rows: list[str], most: int) -> list[str]:
    """The rows, each once. Raises BadRequest for none and for more than `most`."""
    if not rows:
        raise BadRequest("Nothing was selected.")
    if len(rows) > most:
        raise BadRequest(f"At most {most} at once; {len(rows)} were selected.")
    return list(dict.fromkeys(rows))


def parted(posted: str) -> tuple[str, str]:
    """The id and the token of a posted row. Raises BadRequest where the token is none."""
    row_id, _, token = posted.partition(":")
    if not TOKEN.fullmatch(token):
        raise BadRequest("A row of this form was changed on the way.")
    return row_id, token


def _rows(verb: Verb, tokens: dict[str, str], *, posted: bool = False) -> list[Row]:
    """A row for each id, in this order; two queries, a third for `posted` tokens, and what the verb's effects take.

    Raises BadRequest.
    """
    found = (verb.noun or account_model()).objects.in_bulk(list(tokens))
    if missing := [each for each in tokens if each not in found]:
        raise BadRequest(f"No {verb.noun_name or 'account'} {missing[0][:255]}.")
    chosen: list[Any] = [found[each] for each in tokens]
    accounts: dict[str, Any] = found
    if verb.noun:
        accounts = account_model().objects.in_bulk({row.account_id for row in chosen})
    if missing := [row.account_id for row in chosen if row.account_id not in accounts]:
        raise BadRequest(f"No account {missing[0][:255]}.")
    verb.gather(chosen)
    effects = verb.effects(chosen)
    # What this very form has made so is not left out when it is run again: its operation is found.
    known = Operation.objects.filter(form_token__in=tokens.values()).values_list("form_token", flat=True)
    sent = set(known) if posted else set()
    return [
        Row(
            id=row.pk,
            name=str(row),
            token=tokens[row.pk],
            account_id=row.account_id,
            account_name=str(accounts[row.account_id]),
            of=row,
            url=row.get_absolute_url(),
            effect=effects.get(row.pk, ""),
            error=verb.objection(row),
            already="" if verb.objection(row) or tokens[row.pk] in sent else verb.already(row),
        )
        for row in chosen
    ]


def _give_forms(
    request: HttpRequest, verb: Verb, rows: list[Row], common: forms.Form, initial: dict[str, dict[str, Any]]
) -> None:
    """Give each row that something can be done with its own form, where the verb has one for rows."""
    for row in rows:
        if verb.row_form and not row.error:
            row.form = verb.row_form(
                common.data if common.is_bound else None,
                prefix=row.id,
                initial=initial.get(row.id),
                where=Where(row.account_id, row.object_id, address(request), row.of),
                common=common,
                token=row.token,
            )


def _run(request: HttpRequest, verb: Verb) -> HttpResponse:
    if "session" in request.POST:
        clear(request)
        return _again(request, verb, request.POST)
    rows = _rows(verb, dict(map(parted, limited(request.POST.getlist("row"), verb.most))), posted=True)
    form = many_form(verb)(request.POST)
    sound = form.is_valid()
    _give_forms(request, verb, rows, form, {})
    _hold(request, verb, rows)
    sound = all([sound, *(row.form.is_valid() for row in rows if row.form and not row.held)])
    if PREVIEW in request.POST or not sound:
        return _draw(request, verb, form, rows, status=200 if PREVIEW in request.POST else 422)
    if any(row.held for row in rows) and all(row.error for row in rows):
        return _draw(request, verb, form, rows, status=403)
    if asked := unanswered(form, request.POST):
        return _draw(request, verb, form, rows, status=409, asked=asked)
    until = time.monotonic() + INLINE_SECONDS
    for row in rows:  # those of which nothing can be done are denied by the door, and audited
        if not (row.held or row.already) and (row.form or not verb.row_form):
            _perform(request, verb, form.cleaned_data, row, wait=time.monotonic() < until)
    return _draw(request, verb, form, rows, ran=True)


def _again(request: HttpRequest, verb: Verb, typed: QueryDict) -> HttpResponse:
    """The page with what was typed, after a button about the work session or a new sign-in: nothing was sent."""
    rows = _rows(verb, dict(map(parted, limited(typed.getlist("row"), verb.most))))
    form = many_form(verb)(typed)
    _give_forms(request, verb, rows, form, {})
    _hold(request, verb, rows)
    for each in (form, *(row.form for row in rows if row.form)):
        each.full_clean()
        each.errors.clear()
    return _draw(request, verb, form, rows)


def _perform(request: HttpRequest, verb: Verb, cleaned: dict[str, Any], row: Row, *, wait: bool) -> None:
    session = sessions.current(request)
    entered = {**cleaned, **(row.form.cleaned_data if row.form else {})}
    try:
        performed = door.perform(
            verb,
            user=staff(request),
            params={name: entered[name] for name in verb.form.base_fields},
            reason=cleaned["reason"],
            ticket=cleaned["ticket"],
            form_token=row.token,
            account_id=row.account_id,
            account_name=row.account_name,
            object_id=row.object_id,
            via="action",
            work_session=session if session and session.account_id == row.account_id else None,
            wait=wait,
        )
    except Denied as denied:
        row.error = str(denied)
    else:
        row.operation, row.error = performed.operation, ""


def _draw(
    request: HttpRequest,
    verb: Verb,
    form: forms.Form,
    rows: list[Row],
    *,
    ran: bool = False,
    status: int = 200,
    asked: Asked | None = None,
) -> HttpResponse:
    model = (verb.noun or account_model())._meta
    for row in rows:
        if not (ran or row.error or row.already):
            row.request = preview_of(verb, row.of, form, own=row.form, may_see=may_see(request))
    context = {
        "asked": asked,
        "verb": verb,
        "title": verb.label,
        "noun": verb.noun_name or "account",
        "list_name": capfirst(model.verbose_name_plural) if verb.noun else "Connected accounts",
        "form": form,
        "rows": rows,
        "held": next((row.held for row in rows if row.held), None),
        "left_out": sum(bool(row.held) for row in rows),
        "able": sum(not row.error and not row.already for row in rows),
        "accounts": len({row.account_id for row in rows}),
        "already": sum(bool(row.already) for row in rows),
        "impossible": sum(bool(row.error and not row.held) for row in rows),
        "outcomes": Counter(row.operation.get_state_display() for row in rows if row.operation).items(),
        "bad": sum(bool(row.form and not row.held and row.form.errors) for row in rows),
        "ran": ran,
        "with_entries": verb.row_form is not None,
        "previews": bool(verb.row_form or verb.form.base_fields),
        "preview": None if verb.row_form else next((row.request for row in rows if row.request), None),
        "post_url": reverse(verb.many_page) if verb.many_page else reverse("bulk", args=[verb.name]),
        "back_url": _back(request, verb),
    }
    return page(request, "console/operations/bulk.html", context, status=status)


def _list(verb: Verb) -> str:
    """The list of all rows that it may be done for."""
    model = (verb.noun or account_model())._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_changelist")


def _back(request: HttpRequest, verb: Verb) -> str:
    """The list that the rows were chosen from, narrowed as it was; the verb's own where that is not known."""
    here = request.get_full_path() if request.path == _list(verb) else ""
    return own_page(request.POST.get("back") or request.GET.get("back") or here) or _list(verb)


def own_page(path: str) -> str:
    """The path where it is one of this console's, "" else."""
    return safe_next(path, path[1:].partition("/")[0])

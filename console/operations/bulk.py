"""One verb for many accounts or objects: a preview with a row for each, then an operation for each."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from console.operations import door
from console.operations.door import Denied
from console.operations.fields import VerbForm, Where
from console.operations.forms import TOKEN, Asked, fresh_token, many_form, own_values, unanswered
from console.operations.models import Operation
from console.operations.pages import get_verb
from console.operations.verbs import Request, Verb
from console.people.sign_in import address
from console.people.signed_in import needs, staff
from console.shell.drawing import page
from console.viewing.sessions import current
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
    """With `ids` (from a list's action) or `?id=`: the preview. Its POST: one operation a row, none where one is wrong.

    Context: verb, form, rows, bad, ran, preview. Running the same form again finds the operations it made.
    """
    if ids is None and request.method == "POST":
        return _run(request, verb)
    if ids is None and "id" not in request.GET:  # an address that was reloaded after its POST
        messages.info(request, f"Choose in the list again what “{verb.label}” is for: nothing was sent.")
        return redirect(_list(verb))
    chosen = limited(request.GET.getlist("id") if ids is None else ids, verb.most)
    rows = _rows(verb, {each: fresh_token() for each in chosen})
    session = current(request)
    common, own = verb.initial_many([row.id for row in rows])
    initial = {**common, "form_token": fresh_token(), "ticket": session.ticket if session else ""}
    form = many_form(verb)(initial=initial)
    _give_forms(request, verb, rows, form, own)
    return _draw(request, verb, form, rows)


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


def _rows(verb: Verb, tokens: dict[str, str]) -> list[Row]:
    """A row for each id, in this order; three queries and what the verb's effects take. Raises BadRequest."""
    found = (verb.noun or account_model()).objects.in_bulk(list(tokens))
    if missing := [each for each in tokens if each not in found]:
        raise BadRequest(f"No {verb.noun_name or 'account'} {missing[0][:255]}.")
    chosen: list[Any] = [found[each] for each in tokens]
    accounts: dict[str, Any] = found
    if verb.noun:
        accounts = account_model().objects.in_bulk({row.account_id for row in chosen})
    if missing := [row.account_id for row in chosen if row.account_id not in accounts]:
        raise BadRequest(f"No account {missing[0][:255]}.")
    effects = verb.effects(chosen)
    # What this very form has made so is not left out when it is run again: its operation is found.
    sent = set(Operation.objects.filter(form_token__in=tokens.values()).values_list("form_token", flat=True))
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
                request.POST if common.is_bound else None,
                prefix=row.id,
                initial=initial.get(row.id),
                where=Where(row.account_id, row.object_id, address(request), row.of),
                common=common,
                token=row.token,
            )


def _run(request: HttpRequest, verb: Verb) -> HttpResponse:
    rows = _rows(verb, dict(map(parted, limited(request.POST.getlist("row"), verb.most))))
    form = many_form(verb)(request.POST)
    sound = form.is_valid()
    _give_forms(request, verb, rows, form, {})
    if not all([sound, *(row.form.is_valid() for row in rows if row.form)]):
        return _draw(request, verb, form, rows, status=422)
    if asked := unanswered(form, request.POST):
        return _draw(request, verb, form, rows, status=409, asked=asked)
    until = time.monotonic() + INLINE_SECONDS
    for row in rows:  # those of which nothing can be done are denied by the door, and audited
        if not row.already and (row.form or not verb.row_form):
            _perform(request, verb, form.cleaned_data, row, wait=time.monotonic() < until)
    return _draw(request, verb, form, rows, ran=True)


def _perform(request: HttpRequest, verb: Verb, cleaned: dict[str, Any], row: Row, *, wait: bool) -> None:
    session = current(request)
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
            work_session=session if session and (verb.sends or session.account_id == row.account_id) else None,
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
    context = {
        "asked": asked,
        "verb": verb,
        "title": verb.label,
        "noun": verb.noun_name or "account",
        "list_name": capfirst(model.verbose_name_plural) if verb.noun else "Connected accounts",
        "form": form,
        "rows": rows,
        "able": sum(not row.error and not row.already for row in rows),
        "accounts": len({row.account_id for row in rows}),
        "already": sum(bool(row.already) for row in rows),
        "impossible": sum(bool(row.error) for row in rows),
        "outcomes": Counter(row.operation.get_state_display() for row in rows if row.operation).items(),
        "bad": sum(bool(row.form and row.form.errors) for row in rows),
        "ran": ran,
        "with_entries": verb.row_form is not None,
        "preview": None if verb.row_form else _preview(verb, form, rows),
        "post_url": reverse(verb.many_page) if verb.many_page else reverse("bulk", args=[verb.name]),
        "back_url": _list(verb),
    }
    return page(request, "console/operations/bulk.html", context, status=status)


def _list(verb: Verb) -> str:
    """The list that rows were probably chosen from."""
    model = (verb.noun or account_model())._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_changelist")


def _preview(verb: Verb, form: forms.Form, rows: Iterable[Row]) -> Request | None:
    """What will be sent for the first row that can be."""
    first = next((row for row in rows if not row.error and not row.already), None)
    if first is None:
        return None
    return verb.request(first.of, own_values(form, verb))

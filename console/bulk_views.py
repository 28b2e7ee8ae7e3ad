"""One verb for many accounts: a preview with a row for each, then an operation for each."""

import time
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from console import operations, registry
from console.models import Operation
from console.operations import Denied
from console.sessions import current, needs, staff
from console.site import page
from console.verb_forms import TOKEN, form_class, fresh_token, own_values
from console.verb_views import get_verb
from console.verbs import Verb

MOST = 500  # rows of one form
INLINE_SECONDS = 5  # as long as a person may wait: one more attempt may begin until then, the rest goes to the worker


@dataclass
class Row:
    """One account of the form: its token, and after the run its operation or why there is none."""

    id: str
    name: str
    token: str
    operation: Operation | None = None
    error: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@needs()
def bulk_page(request: HttpRequest, verb_name: str, ids: list[str] | None = None) -> HttpResponse:
    """With `ids` (from an admin action) or `?id=`: the preview. Its POST, marked `run`: one operation a row.

    Context: verb, form, rows, ran, preview. Running the same form again finds the operations it made.
    """
    verb = get_verb(request, verb_name)
    if ids is None and request.method == "POST":
        return _run(request, verb, [_row(posted) for posted in _limited(request.POST.getlist("row"))])
    rows = [_fresh_row(account_id) for account_id in _limited(request.GET.getlist("id") if ids is None else ids)]
    session = current(request)
    initial = {"form_token": fresh_token(), "ticket": session.ticket if session else ""}
    return _draw(request, verb, form_class(verb)(initial=initial), rows)


def _limited(rows: list[str]) -> list[str]:
    if not rows:
        raise BadRequest("Nothing was selected.")
    if len(rows) > MOST:
        raise BadRequest(f"At most {MOST} at once; {len(rows)} were selected.")
    return list(dict.fromkeys(rows))


def _fresh_row(account_id: str) -> Row:
    return Row(account_id, _name(account_id), fresh_token())


def _name(account_id: str) -> str:
    name = registry.account_label(account_id)
    if name is None:
        raise BadRequest(f"No account {account_id[:255]}.")
    return name


def _row(posted: str) -> Row:
    account_id, _, token = posted.partition(":")
    if not TOKEN.fullmatch(token):
        raise BadRequest("A row of this form was changed on the way.")
    return Row(account_id, _name(account_id), token)


def _run(request: HttpRequest, verb: Verb, rows: list[Row]) -> HttpResponse:
    form = form_class(verb)(request.POST)
    if not form.is_valid():
        return _draw(request, verb, form, rows, status=422)
    until = time.monotonic() + INLINE_SECONDS
    for row in rows:
        _perform(request, verb, form.cleaned_data, row, wait=time.monotonic() < until)
    return _draw(request, verb, form, rows, ran=True)


def _perform(request: HttpRequest, verb: Verb, cleaned: dict[str, Any], row: Row, *, wait: bool) -> None:
    session = current(request)
    try:
        performed = operations.perform(
            verb,
            user=staff(request),
            params={name: cleaned[name] for name in verb.form.base_fields},
            reason=cleaned["reason"],
            ticket=cleaned["ticket"],
            form_token=row.token,
            account_id=row.id,
            account_name=row.name,
            via="action",
            work_session=session if session and (verb.sends or session.account_id == row.id) else None,
            wait=wait,
        )
    except Denied as denied:
        row.error = str(denied)
    else:
        row.operation = performed.operation


def _draw(
    request: HttpRequest, verb: Verb, form: forms.Form, rows: list[Row], *, ran: bool = False, status: int = 200
) -> HttpResponse:
    preview = verb.request(rows[0].id, own_values(form, verb)) if verb.request else None
    context = {"verb": verb, "title": verb.label, "form": form, "rows": rows, "ran": ran, "preview": preview}
    return page(request, "console/bulk.html", context, status=status)

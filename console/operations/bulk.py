"""One verb for many accounts or objects: a preview with a row for each, then an operation for each."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.operations import door
from console.operations.door import Denied
from console.operations.forms import TOKEN, Asked, fresh_token, own_values, page_form, unanswered
from console.operations.models import Operation
from console.operations.pages import get_verb
from console.operations.verbs import Request, Verb
from console.people.signed_in import needs, staff
from console.shell.drawing import page
from console.viewing.sessions import current
from gateway.mirror import account_model

MOST = 500  # rows of one form
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
    url: str = ""
    effect: str = ""  # what happens to it, where the verb says so
    operation: Operation | None = None
    error: str = ""  # before the run: why nothing can be done with it

    @property
    def object_id(self) -> str:
        """Its id where it is an object of an account, "" for an account."""
        return self.id if self.id != self.account_id else ""


@require_http_methods(["GET", "HEAD", "POST"])
@needs()
def bulk_page(request: HttpRequest, verb_name: str) -> HttpResponse:
    """The page of one verb for many, at its own address."""
    return answer(request, verb_name)


def answer(request: HttpRequest, verb_name: str, ids: list[str] | None = None) -> HttpResponse:
    """With `ids` (from a list's action) or `?id=`: the preview. Its POST, marked `run`: one operation a row.

    Context: verb, form, rows, ran, preview. Running the same form again finds the operations it made.
    """
    verb = get_verb(request, verb_name)
    if not verb.bulk:
        raise BadRequest(f"“{verb.label}” is done for one at a time. Open the page of the one it is for.")
    if ids is None and request.method == "POST":
        return _run(request, verb, _rows(verb, dict(map(parted, limited(request.POST.getlist("row"))))))
    chosen = limited(request.GET.getlist("id") if ids is None else ids)
    rows = _rows(verb, {each: fresh_token() for each in chosen})
    session = current(request)
    initial = {"form_token": fresh_token(), "ticket": session.ticket if session else ""}
    return _draw(request, verb, page_form(verb)(initial=initial), rows)


def limited(rows: list[str], most: int = MOST) -> list[str]:
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
    """A row for each id, in this order; a few queries for all of them. Raises BadRequest."""
    if verb.noun is None:
        accounts = _accounts(tokens)
        return [_account_row(accounts[account_id], token) for account_id, token in tokens.items()]
    found = verb.noun.objects.in_bulk(list(tokens))
    if missing := [each for each in tokens if each not in found]:
        raise BadRequest(f"No {verb.noun_name} {missing[0][:255]}.")
    effects = verb.effects(list(found.values()))
    accounts = _accounts({str(each.account_id) for each in found.values()})
    return [_object_row(verb, found[each], token, accounts, effects) for each, token in tokens.items()]


def _account_row(account: Any, token: str) -> Row:
    return Row(account.pk, str(account), token, account.pk, str(account), account, account.get_absolute_url())


def _object_row(verb: Verb, row: Any, token: str, accounts: dict[str, Any], effects: dict[str, str]) -> Row:
    return Row(
        id=row.pk,
        name=str(row),
        token=token,
        account_id=row.account_id,
        account_name=str(accounts[row.account_id]),
        of=row,
        url=row.get_absolute_url(),
        effect=effects.get(row.pk, ""),
        error=verb.objection(row),
    )


def _accounts(ids: Iterable[str]) -> dict[str, Any]:
    """These accounts by id: one query. Raises BadRequest."""
    found = account_model().objects.in_bulk(list(ids))
    if missing := [each for each in ids if each not in found]:
        raise BadRequest(f"No account {missing[0][:255]}.")
    return found


def _run(request: HttpRequest, verb: Verb, rows: list[Row]) -> HttpResponse:
    form = page_form(verb)(request.POST)
    if not form.is_valid():
        return _draw(request, verb, form, rows, status=422)
    if asked := unanswered(form, request.POST):
        return _draw(request, verb, form, rows, status=409, asked=asked)
    until = time.monotonic() + INLINE_SECONDS
    for row in rows:  # those of which nothing can be done are denied by the door, and audited
        _perform(request, verb, form.cleaned_data, row, wait=time.monotonic() < until)
    return _draw(request, verb, form, rows, ran=True)


def _perform(request: HttpRequest, verb: Verb, cleaned: dict[str, Any], row: Row, *, wait: bool) -> None:
    session = current(request)
    try:
        performed = door.perform(
            verb,
            user=staff(request),
            params={name: cleaned[name] for name in verb.form.base_fields},
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
    context = {
        "asked": asked,
        "verb": verb,
        "title": verb.label,
        "noun": verb.noun_name or "account",
        "form": form,
        "rows": rows,
        "able": sum(not row.error for row in rows),
        "ran": ran,
        "preview": _preview(verb, form, rows),
        "post_url": reverse("bulk", args=[verb.name]),
        "back_url": _list_url(verb),
    }
    return page(request, "console/operations/bulk.html", context, status=status)


def _list_url(verb: Verb) -> str:
    """The list that it was probably chosen from."""
    options = (verb.noun or account_model())._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")


def _preview(verb: Verb, form: forms.Form, rows: Iterable[Row]) -> Request | None:
    """What will be sent for the first row that can be."""
    first = next((row for row in rows if not row.error), None)
    if first is None:
        return None
    return verb.request(first.of, own_values(form, verb))

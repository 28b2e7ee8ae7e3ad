"""One verb for many accounts or objects: a preview with a row for each; its POST begins a bulk run over them."""

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

from console.approvals.load import Load
from console.brakes import standing
from console.bulk import engine, runs
from console.bulk.control import why_second
from console.bulk.models import BulkRow, BulkRun
from console.bulk.runs import Wanted
from console.operations.admission import Denied, held_by
from console.operations.fields import VerbForm, Where
from console.operations.forms import TOKEN, Asked, fresh_token, many_form, own_values, preview_of, unanswered
from console.operations.models import Operation
from console.operations.pages import SeeOther, get_verb
from console.operations.verbs import Request, Verb
from console.people.sign_in import address
from console.people.signed_in import may_see, needs, staff
from console.shell import typed_again
from console.shell.drawing import page
from console.viewing import sessions
from console.viewing.access import safe_next
from console.viewing.held import Held, clear
from console.viewing.sessions import PREVIEW
from gateway import copied
from gateway.mirror import account_model

INLINE_SECONDS = 5  # as long as a person may wait: one more row may begin until then, the rest goes to the worker
INLINE_ROWS = 50  # a run of more is the worker's from the first row on


@dataclass
class Row:
    """One account or object of the form: its token, and what will be done with it or why nothing is."""

    id: str
    name: str
    token: str
    account_id: str
    account_name: str
    of: Any  # the account or object as it was read for this page
    url: str
    effect: str = ""  # what happens to it, where the verb says so
    form: VerbForm | None = None  # its own entries, where the verb asks each row for some and something can be done
    error: str = ""  # why nothing can be done with it
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

    Its POST begins a run over all rows, none where one is wrong, and leads to the run's page.
    Context: verb, form, rows, bad, preview. Sending the same form again finds the run it made.
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


def answer_many(request: HttpRequest, verb: Verb, ids: list[str]) -> HttpResponse:
    """For more rows than one form takes: they are fixed now as a run that is not begun, and its page is the preview.

    Raises BadRequest for more than a run takes, and for a verb that asks each row for entries.
    """
    if verb.row_form or not verb.bulk:
        limited(ids, verb.most)
    chosen = limited(ids, runs.MOST)
    parts = (chosen[at : at + runs.BATCH] for at in range(0, len(chosen), runs.BATCH))
    rows = [
        wanted(verb, row, known=True) for part in parts for row in _rows(verb, {each: fresh_token() for each in part})
    ]
    run = BulkRun(verb=verb.name, user=staff(request), form_token=fresh_token())
    return SeeOther(runs.draft(run, rows).get_absolute_url())


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
        if not (row.error or row.already) and (way := held_by(session, verb, intent)):
            row.held, row.error = way, way.sentence


def limited(rows: list[str], most: int) -> list[str]:
    """The rows, each once. Raises BadRequest for none and for more than `most`."""
    if not rows:
        raise BadRequest("Nothing was selected.")
    if len(rows) > most:
        many = f"{len(rows):,}" if len(rows) <= runs.MOST else f"more than {runs.MOST:,}"
        raise BadRequest(f"At most {most:,} at once; {many} were selected. Narrow the list, or select fewer.")
    return list(dict.fromkeys(rows))


def _unknown(noun: str, row_id: str) -> BadRequest:
    """What is said of a row that is not here; what is no id is not repeated."""
    named = f"{noun} {row_id[:255]}" if copied.AN_ID.fullmatch(row_id) else f"such {noun}"
    return BadRequest(f"There is no {named} here: it belongs to another mode, is gone, or is not imported yet.")


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
        raise _unknown(verb.noun_name or "account", missing[0])
    chosen: list[Any] = [found[each] for each in tokens]
    accounts: dict[str, Any] = found
    if verb.noun:
        accounts = account_model().objects.in_bulk({row.account_id for row in chosen})
    if missing := [row.account_id for row in chosen if row.account_id not in accounts]:
        raise _unknown("account", missing[0])
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
    try:
        run = _begin(request, verb, form.cleaned_data, rows)
    except Denied as denied:
        form.add_error(None, str(denied))
        return _draw(request, verb, form, rows, status=409)
    return SeeOther(run.get_absolute_url())


def _begin(request: HttpRequest, verb: Verb, cleaned: dict[str, Any], rows: list[Row]) -> BulkRun:
    """The run, its first rows worked off while the person waits."""
    session = sessions.current(request)
    own = session and any(row.account_id == session.account_id for row in rows)
    run = runs.begin(
        verb,
        user=staff(request),
        rows=[wanted(verb, row) for row in rows],
        common=common_values(verb, cleaned),
        reason=cleaned["reason"],
        ticket=cleaned["ticket"],
        form_token=cleaned["form_token"],
        work_session=session if own else None,
    )
    if run.total <= INLINE_ROWS:
        engine.work_while_waited_for(run, INLINE_SECONDS)
    return run


def common_values(verb: Verb, cleaned: dict[str, Any]) -> dict[str, Any]:
    """Of a form in common: the values of the verb's own fields."""
    return {name: value for name, value in cleaned.items() if name in verb.form.base_fields}


def wanted(verb: Verb, row: Row, *, known: bool = False) -> Wanted:
    """The row as a run takes it. What cannot be done although it was posted is denied by the door, and audited;
    where that is `known` before anybody confirms it, it is left alone.
    """
    own = common_values(verb, row.form.cleaned_data) if row.form and row.form.is_bound else {}
    state, why = BulkRow.State.WAITING, ""
    if row.already:
        state, why = BulkRow.State.LEFT_OUT, row.already
    elif row.error and (known or verb.row_form):
        state, why = BulkRow.State.DENIED, row.error
    return Wanted(row.account_id, row.account_name, row.object_id, own, row.token, state=state, why=why)


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


def _draw(
    request: HttpRequest,
    verb: Verb,
    form: forms.Form,
    rows: list[Row],
    *,
    status: int = 200,
    asked: Asked | None = None,
) -> HttpResponse:
    model = (verb.noun or account_model())._meta
    for row in rows:
        if not (row.error or row.already):
            row.request = preview_of(verb, row.of, form, own=row.form, may_see=may_see(request))
    able = [row for row in rows if not (row.error or row.already)]
    calls = sum(verb.reads + (len(row.request.calls) if row.request else 1) for row in able)
    load = _load(verb, form, able)
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
        "able": len(able),
        "accounts": len({row.account_id for row in rows}),
        "already": sum(bool(row.already) for row in rows),
        "impossible": sum(bool(row.error and not row.held) for row in rows),
        "bad": sum(bool(row.form and not row.held and row.form.errors) for row in rows),
        "calls": calls,
        "takes": runs.takes(calls),
        "second": why_second(verb, len(able), load, own_values(form, verb) if len(able) == 1 else None),
        "load": load.facts(),
        "with_entries": verb.row_form is not None,
        "previews": bool(verb.row_form or verb.form.base_fields),
        "preview": None if verb.row_form else next((row.request for row in rows if row.request), None),
        "post_url": reverse(verb.many_page) if verb.many_page else reverse("bulk", args=[verb.name]),
        "back_url": _back(request, verb),
    }
    return page(request, "console/operations/bulk.html", context, status=status)


def _load(verb: Verb, form: forms.Form, rows: list[Row]) -> Load:
    """What these rows carry together, with the entries as they stand."""
    load, common = Load(), own_values(form, verb)
    for row in rows:
        load.add(verb.weights(row.of, {**common, **(own_values(row.form, verb) if row.form else {})}))
    return load


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

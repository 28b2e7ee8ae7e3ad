"""A form's entries, given back where it could not be sent: by a page without the database, or after signing in anew."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.urls import Resolver404, resolve

from console.operations import verbs

View = TypeVar("View", bound=Callable[..., Any])
Form = TypeVar("Form", bound=forms.BaseForm)
SECRET = re.compile(r"password|passphrase|secret|otp", re.IGNORECASE)
CARRIED = re.compile(
    r"(.+[-:_])?(form_token|for_account|drawn|next|row|run|preview|back|sure|session|action|index|select_across)"
    r"|_selected_action"
)
OURS = "csrfmiddlewaretoken"
KEPT = "typed"  # in the session of a browser whose sign-in has run out
MOST_KEPT = 100_000  # bytes of a form
STILL_THERE = "Your sign-in had run out, so nothing was sent. Here is what you typed."


@dataclass(frozen=True)
class Entry:
    """One value of the form. A secret one is not given back: it is asked for again."""

    name: str
    value: str = ""
    secret: bool = False
    hidden: bool = False  # carried by the page and never typed

    @property
    def label(self) -> str:
        """The name as a person reads it."""
        return self.name.replace("_", " ").replace("-", " ").capitalize()


class TokenCheck(CsrfViewMiddleware):
    """Django's own check, asked outside of the chain."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return HttpResponse(status=403)


def context(request: HttpRequest) -> dict[str, Any]:
    """`entries`, `path` and `csrf_token` for the form; {} for what was no POST, or came from another site's form."""
    if request.method != "POST" or not _is_ours(request):
        return {}
    return {"entries": entries(request), "path": request.get_full_path(), "csrf_token": get_token(request)}


def _is_ours(request: HttpRequest) -> bool:
    """Whether the form was one of our pages'. The failure may have come before the chain looked at its token."""
    check = TokenCheck(lambda _: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda _: HttpResponse(), (), {}) is None


def kept(view: View) -> View:
    """A page with a form in which words are typed: it is kept through a new sign-in, and the page asks `filled` or
    `take` for it. Pages of verbs are so without being told.
    """
    view.keeps_typed = True  # type: ignore[attr-defined]
    return view


def keep(request: HttpRequest) -> dict[str, Any]:
    """What `put` takes: the form that comes with a sign-in that has run out, of a page that gives it back; else {}.

    Values that are never kept are not in it, only that they were given where the verb asks for them again.
    """
    length = int(request.META.get("CONTENT_LENGTH") or 0)  # whoever sends no body need not give one
    if request.method != "POST" or length > MOST_KEPT or not _is_ours(request):
        return {}
    try:
        match = resolve(request.path)
    except Resolver404:
        return {}
    verb = verbs.find(match.kwargs.get("verb_name", ""))
    if not (verb or getattr(match.func, "keeps_typed", False)):
        return {}
    asked_again = verb.sensitive if verb else ()
    given = (each for each in entries(request) if not each.secret or each.name in asked_again)
    values = [(each.name, "•" if each.secret else each.value) for each in given]
    return {"path": request.path, "user": request.user.pk, "values": values} if values else {}


def put(request: HttpRequest, kept: dict[str, Any]) -> None:
    """Leave it in the browser's session for the same person to find at the same address."""
    if kept:
        request.session[KEPT] = kept


def take(request: HttpRequest) -> QueryDict | None:
    """What this person typed here before the sign-in ran out, for one GET; None where nothing was."""
    found = request.session.get(KEPT)
    if request.method != "GET" or not found or found["path"] != request.path:
        return None
    del request.session[KEPT]
    if found["user"] != request.user.pk:
        return None
    data = QueryDict(mutable=True)
    for name, value in found["values"]:
        data.appendlist(name, value)
    messages.warning(request, STILL_THERE)
    return data


def filled(request: HttpRequest, make: Callable[[QueryDict | None], Form]) -> Form:
    """The form that `make` binds to what is posted, or to what was typed before a new sign-in; else a fresh one."""
    if request.method == "POST":
        return make(request.POST)
    typed = take(request)
    return unsaid(make(typed)) if typed is not None else make(None)


def unsaid(form: Form) -> Form:
    """The form with its entries and without a word against them: it was not sent yet."""
    form.full_clean()
    form.errors.clear()
    return form


def entries(request: HttpRequest) -> list[Entry]:
    """What was typed and what the page carried, in the form's order."""
    sensitive = {name for verb in verbs.every() for name in verb.sensitive}
    return [
        _entry(name, value, sensitive)
        for name, values in request.POST.lists()
        if name != OURS
        for value in values
        if len(name) < 256
    ]


def _entry(name: str, value: str, sensitive: set[str]) -> Entry:
    own_name = name.rpartition("-")[2]  # without the prefix of a row
    if own_name in sensitive or SECRET.search(name):
        return Entry(name, secret=bool(value), hidden=not value)
    return Entry(name, value, hidden=not value or CARRIED.fullmatch(name) is not None)

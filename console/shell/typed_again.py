"""A form's entries, given back where it could not be sent: by a page without the database, or after signing in anew."""

import re
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.urls import Resolver404, resolve

from console.operations import verbs

SECRET = re.compile(r"password|passphrase|secret|otp", re.IGNORECASE)
CARRIED = re.compile(
    r"(.+[-:_])?(form_token|for_account|next|row|run|preview|back|sure|session|action|index|select_across)"
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


def keep(request: HttpRequest) -> dict[str, Any]:
    """What `put` takes: the form of an act that comes with a sign-in that has run out; {} for all else.

    Values that are never kept are not in it, only that they were given.
    """
    if request.method != "POST" or int(request.META["CONTENT_LENGTH"] or 0) > MOST_KEPT or not _is_ours(request):
        return {}
    try:
        verb = verbs.find(resolve(request.path).kwargs.get("verb_name", ""))
    except Resolver404:
        return {}
    if verb is None:
        return {}
    given = (each for each in entries(request) if not each.secret or each.name in verb.sensitive)
    values = [(each.name, "•" if each.secret else each.value) for each in given]
    return {"path": request.path, "user": request.user.pk, "values": values}


def put(request: HttpRequest, kept: dict[str, Any]) -> None:
    """Leave it in the browser's session for the same person to find at the same address."""
    if kept:
        request.session[KEPT] = kept


def take(request: HttpRequest) -> QueryDict | None:
    """What this person typed here before the sign-in ran out, once; None where nothing was."""
    kept = request.session.get(KEPT)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[KEPT]
    if kept["user"] != request.user.pk:
        return None
    data = QueryDict(mutable=True)
    for name, value in kept["values"]:
        data.appendlist(name, value)
    messages.warning(request, STILL_THERE)
    return data


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

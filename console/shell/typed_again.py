"""A form's entries, given back on a page that is made without the database, to be sent again from there."""

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token

from console.operations import verbs

SECRET = re.compile(r"password|passphrase|secret|otp", re.IGNORECASE)
CARRIED = re.compile(
    r"(.+[-:_])?(form_token|for_account|next|row|run|preview|back|sure|action|index|select_across)|_selected_action"
)
OURS = "csrfmiddlewaretoken"


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

"""Our own error pages: Django's carry an inline style, which our content security policy refuses."""

import logging
import sys
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import get_template
from django.urls import reverse

from console.people.masking import masked
from console.people.signed_in import may_see, staff
from console.shell import leading, nouns, typed_again
from console.shell.links import canonical

logger = logging.getLogger(__name__)
BARE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>The console failed | Issuing console</title>'
    "</head><body><main><h1>The console failed ({status})</h1><p>This page could not be made, and the failure has been"
    " logged. An act you sent may have happened: see Operations before you send it again.</p>"
    '<p><a href="/">Home</a></p></main></body></html>'
)
AWAY = (OperationalError, InterfaceError)  # a database that is away, locked, or does not answer


def alone(status: int, template: str = "", context: dict[str, Any] | None = None) -> HttpResponse:
    """A page outside of the frame: no database, no session, no user, no context processor.

    Templates and static files can be missing too, after half of an upgrade: then the same is said in plain markup.
    """
    try:
        html = get_template(template or f"errors/{status}.html").render(context or {})
    except Exception:
        logger.exception("The page for %s could not be drawn", status)
        html = BARE.format(status=status)
    return HttpResponse(html, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. What a view refused in words is told inside the frame, to staff, with the way back to where it was chosen.

    All else was not understood, perhaps before anybody was recognised: drawn without the frame, and not repeated.
    """
    words = str(exception) if isinstance(exception, BadRequest) and request.resolver_match else ""
    if not words or not _signed_in(request):
        return alone(400)
    reason = masked(words, may_see=may_see(request))
    return render(request, "errors/refused.html", {"reason": reason, "back_url": came_from(request)}, status=400)


def came_from(request: HttpRequest) -> str:
    """The page of ours that the request was sent from, its filters too; "" where the browser does not say."""
    try:
        sent_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    if sent_from.netloc != request.get_host() or not leading.is_ours(sent_from.path):
        return ""
    address = f"{sent_from.path}?{sent_from.query}" if sent_from.query else sent_from.path
    again = request.method == "GET" and address == request.get_full_path()  # it would say the same once more
    return address if leading.may_open(staff(request), address) and not again else ""


def _signed_in(request: HttpRequest) -> bool:
    return getattr(request, "user", None) is not None and request.user.is_staff


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: says what was missing, and who has it, where the refusal says it; offers the account that was meant."""
    account = account_of(request) if _signed_in(request) else {}
    return render(request, "errors/403.html", {"reason": str(exception), **account}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, which names the account and offers its pages; what the Dashboard has there leads to our page for it.

    The address itself is not written out: whatever somebody put into it, a number that proves identity too.
    """
    signed_in = _signed_in(request)
    if signed_in and request.method in ("GET", "HEAD") and not leading.is_ours(request.path):
        page = leading.page_for(request.path)
        if page and page.partition("?")[0] != request.path:
            return leading.lead(request, page)
    return render(request, "errors/404.html", account_of(request) if signed_in else {}, status=404)


def not_so(request: HttpRequest, refused: HttpResponseBase) -> HttpResponse:
    """405 for who opened the address of an act, or sent a form to a page that only reads: says so, and what there is.

    `read_url` is the page, where there is one and they may open it.
    """
    allowed = refused.headers["Allow"]
    sent = "GET" in allowed
    page = request.path if leading.is_ours(request.path) else leading.page_for(request.path)
    read_url = page if sent and page and leading.may_open(staff(request), page) else ""
    context = {**account_of(request), "sent": sent, "read_url": read_url}
    answer = render(request, "errors/405.html", context, status=405)
    answer.headers["Allow"] = allowed
    return answer


def account_of(request: HttpRequest) -> dict[str, Any]:
    """The account that the address names, with the pages of it that this person may open. One query."""
    parts = canonical(request.path).strip("/").split("/")
    account_id = next((part for part in parts[:3] if part.startswith("acct_")), "")
    label = nouns.account_label(account_id) if account_id else None
    if label is None or not leading.may_open(staff(request), page := reverse("account", args=[account_id])):
        return {}
    may = staff(request).has_perm
    tabs = [{"label": tab.label, "url": f"/{account_id}/{tab.path}"} for tab in nouns.tabs() if may(tab.permission)]
    return {"account": {"name": label, "url": page}, "pages": tabs}


def body_too_large(request: HttpRequest) -> HttpResponse:
    """413: more than any page takes, or of a length that it does not say; nobody was recognised yet."""
    return alone(413)


def unexpected_file(request: HttpRequest) -> HttpResponse:
    """415: a file for a page that takes none; nobody was recognised yet."""
    return alone(415)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: needs nothing that can be missing (`alone`). 503 where the database is what failed."""
    if isinstance(sys.exc_info()[1], AWAY):
        return database_away(request)
    return alone(500)


def database_away(request: HttpRequest) -> HttpResponse:
    """503: the database does not answer. What was typed stands in it, to be sent again. No query."""
    if hasattr(request, "session"):
        request.session.modified = False  # it cannot be saved, and to try would wait once more
    try:
        typed = typed_again.context(request)
    except Exception:
        logger.exception("What was typed could not be given back")
        typed = {}
    response = alone(503, context=typed)
    response.headers["Retry-After"] = "5"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's token did not come back (an old page, or another site's form)."""
    return alone(403, "errors/csrf.html")

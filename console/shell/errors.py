"""Our own error pages: Django's carry an inline style, which our content security policy refuses."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template

from console.shell import typed_again

AWAY = (OperationalError, InterfaceError)  # a database that is away, locked, or does not answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a request that was not understood, perhaps before anybody was recognised; drawn without the frame."""
    return HttpResponse(get_template("errors/400.html").render({}), status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: says what was missing where the refusal says it."""
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return render(request, "errors/404.html", {"path": request.path}, status=404)


def body_too_large(request: HttpRequest) -> HttpResponse:
    """413: more than any page takes, or of a length that it does not say; nobody was recognised yet."""
    return HttpResponse(get_template("errors/413.html").render({}), status=413)


def unexpected_file(request: HttpRequest) -> HttpResponse:
    """415: a file for a page that takes none; nobody was recognised yet."""
    return HttpResponse(get_template("errors/415.html").render({}), status=415)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: needs neither database, session nor frame. 503 where the database is what failed."""
    if isinstance(sys.exc_info()[1], AWAY):
        return database_away(request)
    return HttpResponse(get_template("errors/500.html").render({}), status=500)


def database_away(request: HttpRequest) -> HttpResponse:
    """503: the database does not answer. What was typed stands in it, to be sent again. No query."""
    if hasattr(request, "session"):
        request.session.modified = False  # it cannot be saved, and to try would wait once more
    response = HttpResponse(get_template("errors/503.html").render(typed_again.context(request)), status=503)
    response.headers["Retry-After"] = "5"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's token did not come back (an old page, or another site's form)."""
    return HttpResponse(get_template("errors/csrf.html").render({}), status=403)

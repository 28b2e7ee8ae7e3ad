"""How long an answer may take, headers on it, and the limits of a sign-in."""

import threading
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

from console import errors, sign_in
from console.databases.patience import patience
from gateway.connection import serving

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


MACHINES = ("/healthz", "/readyz", "/webhooks/")  # who asks there is nobody: cookies are not looked at
RESERVED = 2  # of THREADS: never taken by pages


def served(get_response: GetResponse) -> GetResponse:
    """Let no request hold its thread for long, neither for a locked database nor for a place in a call to Stripe.

    Pages take turns, so that machines, who are not asked to, find a thread free and the processor too.
    """
    turns = threading.BoundedSemaphore(max(1, settings.THREADS - RESERVED))

    def page(request: HttpRequest) -> HttpResponseBase:
        with turns, patience(settings.PAGE_PATIENCE), serving():
            return get_response(request)

    def machine(request: HttpRequest) -> HttpResponseBase:
        request.META.pop("HTTP_COOKIE", None)  # else the session would be looked up, which takes the database
        stripes = request.path.startswith("/webhooks/")
        with patience(settings.WEBHOOK_PATIENCE if stripes else settings.PAGE_PATIENCE), serving():
            return get_response(request)

    return lambda request: (machine if request.path.startswith(MACHINES) else page)(request)


def headers(get_response: GetResponse) -> GetResponse:
    """Deny the browser's devices, and let nobody keep a page (static files are served before this).

    An address with a NUL byte is refused here: no page has one, and PostgreSQL takes none in a text.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        nul = "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")
        response = errors.bad_request(request, BadRequest("NUL")) if nul else get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        patch_cache_control(response, no_store=True)
        return response

    return middleware


def work_session(get_response: GetResponse) -> GetResponse:
    """End a sign-in that is idle or old, before any view sees it; refuse a NUL byte in what staff post."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and not sign_in.still_valid(request):
            logout(request)
        if request.user.is_authenticated and request.method == "POST" and _nul_in_form(request):
            return errors.bad_request(request, BadRequest("NUL"))
        return get_response(request)

    return middleware


def _nul_in_form(request: HttpRequest) -> bool:
    return any("\0" in value for _, values in request.POST.lists() for value in values)

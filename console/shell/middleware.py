"""How long an answer may take, headers on it, limits of what is sent, and the limits of a sign-in."""

import math
import threading
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_cache_control

from console.databases.patience import patience
from console.people import sign_in
from console.shell import errors, typed_again
from gateway.connection import serving

WEBHOOKS = "/webhooks/"
TAKES_A_FILE = {"/bulk-runs/from-file": 2 * 1024 * 1024}  # the one page that takes one: bytes of its body, in memory
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


def compressed(get_response: GetResponse) -> GetResponse:
    """Compress a page that repeats nothing of its request: no query string, nothing posted, no refusal.

    Beside what an attacker chose, the length of a compressed page tells what else stands in it (BREACH).
    """
    gzip = GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        repeats = request.method not in ("GET", "HEAD") or bool(request.META.get("QUERY_STRING"))
        is_page = response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")
        return gzip.process_response(request, response) if is_page and not repeats else response

    return middleware


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


def bodies(get_response: GetResponse) -> GetResponse:
    """Refuse a body over 1 MiB, or of unknown length, before it is read, and a file but for the page that takes one;
    with or without a sign-in.

    The webhooks have a smaller limit of their own and read their bodies themselves.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(WEBHOOKS):
            return get_response(request)
        takes = TAKES_A_FILE.get(request.path, 0)
        if _length(request) > (takes or settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
            return errors.body_too_large(request)
        try:
            return errors.unexpected_file(request) if request.FILES and not takes else get_response(request)
        except UnreadablePostError:
            return errors.bad_request(request, BadRequest("The body ended early."))

    return middleware


def _length(request: HttpRequest) -> float:
    """Bytes of the body; infinite where it is sent in chunks or its length is no number."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    known = length.isascii() and length.isdigit() and len(length) < 16
    return int(length) if known and "HTTP_TRANSFER_ENCODING" not in request.META else math.inf


def work_session(get_response: GetResponse) -> GetResponse:
    """End a sign-in that is idle or old before any view sees it, its form kept; refuse a NUL byte in what staff post.

    A 405 without words is given some: to who opens the address of an act, after a new sign-in for one, and to who sends
    a form to a page that only reads.

    A sign-in whose person may not sign in any more is forgotten, so that it is worth nothing when they may again.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated and SESSION_KEY in request.session:
            logout(request)
        if request.user.is_authenticated and not sign_in.still_valid(request):
            typed = typed_again.keep(request)
            logout(request)
            typed_again.put(request, typed)
        if request.user.is_authenticated and request.method == "POST" and _nul_in_form(request):
            return errors.bad_request(request, BadRequest("NUL"))
        response = get_response(request)
        mute = response.status_code == 405 and not getattr(response, "content", b"")
        told = mute and request.user.is_authenticated and request.user.is_staff
        return errors.not_so(request, response) if told else response

    return middleware


def _nul_in_form(request: HttpRequest) -> bool:
    return any("\0" in value for _, values in request.POST.lists() for value in values)

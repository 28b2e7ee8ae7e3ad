"""Headers on every answer, limits of what is sent, and the limits of a sign-in."""

import math
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.utils.cache import patch_cache_control

from console import errors, sign_in

WEBHOOKS = "/webhooks/"
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
    """Refuse a body over 1 MiB, or of unknown length, before it is read, and any file; with or without a sign-in.

    The webhooks have a smaller limit of their own and read their bodies themselves.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(WEBHOOKS):
            return get_response(request)
        if _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return errors.body_too_large(request)
        try:
            return errors.unexpected_file(request) if request.FILES else get_response(request)
        except UnreadablePostError:
            return errors.bad_request(request, BadRequest("The body ended early."))

    return middleware


def _length(request: HttpRequest) -> float:
    """Bytes of the body; infinite where it is sent in chunks or its length is no number."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    known = length.isascii() and length.isdigit() and len(length) < 16
    return int(length) if known and "HTTP_TRANSFER_ENCODING" not in request.META else math.inf


def work_session(get_response: GetResponse) -> GetResponse:
    """End a sign-in that is idle or old, before any view sees it; refuse a NUL byte in what staff post.

    A sign-in whose person may not sign in any more is forgotten, so that it is worth nothing when they may again.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated and SESSION_KEY in request.session:
            logout(request)
        if request.user.is_authenticated and not sign_in.still_valid(request):
            logout(request)
        if request.user.is_authenticated and request.method == "POST" and _nul_in_form(request):
            return errors.bad_request(request, BadRequest("NUL"))
        return get_response(request)

    return middleware


def _nul_in_form(request: HttpRequest) -> bool:
    return any("\0" in value for _, values in request.POST.lists() for value in values)

"""Where Stripe delivers events. Stored, then answered; nothing is applied here and Stripe is not called."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gateway import inbox
from gateway.intake import Rejected

logger = logging.getLogger(__name__)
LARGEST = 256 * 1024  # bytes of a body; Stripe's own events stay below


@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """The platform's own events."""
    return _receive(request, "platform")


@csrf_exempt
@login_not_required
@require_POST
def connect_webhook(request: HttpRequest) -> HttpResponse:
    """Events of connected accounts."""
    return _receive(request, "connect")


def _receive(request: HttpRequest, kind: str) -> HttpResponse:
    """200 when the event is stored; 400 or 413 for what is not Stripe's; 503 when it could not be stored."""
    if request.headers.get("Transfer-Encoding"):
        return _say(400, "Send the body with a Content-Length.")
    length = request.headers.get("Content-Length") or "0"
    if not (length.isascii() and length.isdigit() and len(length) < 16 and int(length) <= LARGEST):
        return _say(413, "The body is too large.")
    try:
        body = request.read(LARGEST + 1)
        inbox.receive(body, request.headers.get("Stripe-Signature", ""), kind)
    except UnreadablePostError:
        return _say(400, "The body ended early.")
    except Rejected as rejected:
        logger.info("webhook refused: %s", rejected)
        return _say(400, str(rejected))
    except (DatabaseError, InterfaceError) as error:
        logger.warning("webhook not stored: %s", type(error).__name__)
        return _say(503, "Not stored. Try again later.")
    return _say(200, "ok")


def _say(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")

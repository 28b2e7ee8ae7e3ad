"""Signing in and out: audited, throttled, and ended after idle minutes or a working day."""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

IDLE_SECONDS = 30 * 60
TOUCH_SECONDS = 60  # the session is written at most this often


def still_valid(request: HttpRequest) -> bool:
    """Whether the sign-in is neither idle for 30 minutes nor 12 hours old (wall time); notes that it is in use."""
    now = int(time.time())
    signed_in_at, seen_at = request.session.get("signed_in_at", 0), request.session.get("seen_at", 0)
    if now - seen_at >= IDLE_SECONDS or now - signed_in_at >= settings.SESSION_COOKIE_AGE:
        return False
    if now - seen_at >= TOUCH_SECONDS:
        request.session["seen_at"] = now
    return True


@receiver(user_logged_in)
def note_sign_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Start the clocks of this sign-in."""
    request.session["signed_in_at"] = request.session["seen_at"] = int(time.time())

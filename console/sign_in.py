"""Signing in and out: audited, throttled, and ended after idle minutes or a working day."""

import hashlib
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from console import audit, sessions
from console.models import SignInFailure, User, WorkSession

IDLE_SECONDS = 30 * 60
TOUCH_SECONDS = 60  # the session is written at most this often
FAILURES = 5
LOCK = timedelta(minutes=15)
LOCKED = "Too many failed sign-ins with this name from this address. Wait 15 minutes."


class SignInForm(AdminAuthenticationForm):
    """The admin's form with a lock: the same words whether or not there is such a user."""

    def clean(self) -> dict[str, Any]:
        """Refuse before the password is looked at while the lock holds."""
        if is_locked(failure_key(self.data.get("username", ""), address(self.request))):
            raise ValidationError(LOCKED, code="locked")
        return super().clean()


def address(request: HttpRequest | None) -> str:
    """Where a request came from: the last hop that our own proxy saw, where we stand behind one."""
    if request is None:
        return ""
    if settings.SECURE_PROXY_SSL_HEADER and "HTTP_X_FORWARDED_FOR" in request.META:
        return request.META["HTTP_X_FORWARDED_FOR"].rpartition(",")[2].strip()
    return request.META.get("REMOTE_ADDR", "")


def failure_key(name: str, origin: str) -> str:
    """SHA-256 of the name as typed (case and outer blanks aside) and the address."""
    return hashlib.sha256(f"{name.strip().casefold()}\n{origin}".encode("utf-8", "surrogatepass")).hexdigest()


def is_locked(key: str) -> bool:
    """Whether this name failed too often from this address in the last minutes. One query."""
    return SignInFailure.objects.filter(key=key, at__gt=timezone.now() - LOCK).count() >= FAILURES


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
def note_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Start the clocks of this sign-in, forget earlier failures, write it down."""
    request.session["signed_in_at"] = request.session["seen_at"] = int(time.time())
    origin = address(request)
    with transaction.atomic():
        SignInFailure.objects.filter(key=failure_key(user.get_username(), origin)).delete()
        audit.record("sign_in.succeeded", user=user, detail={"address": origin})


@receiver(user_login_failed)
def note_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Count a failure and write it down. A name that nobody has is not kept: people type passwords there."""
    name, origin = str(credentials.get("username", "")), address(request)
    key = failure_key(name, origin)
    with transaction.atomic():
        SignInFailure.objects.filter(at__lt=timezone.now() - LOCK).delete()
        SignInFailure.objects.create(key=key)
        locked = SignInFailure.objects.filter(key=key).count() >= FAILURES
        user = User.objects.filter(username=name).first()
        audit.record("sign_in.locked" if locked else "sign_in.failed", user=user, detail={"address": origin})


@receiver(user_logged_out)
def note_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """End the work session with the sign-in, and write it down."""
    if user is None:
        return
    sessions.end_all(user, WorkSession.End.SIGN_OUT)
    with transaction.atomic():
        audit.record("sign_out", user=user, detail={"address": address(request)})


def note_password_change(request: HttpRequest) -> None:
    """Write down that somebody changed their own password."""
    with transaction.atomic():
        audit.record("user.password_changed", user=sessions.staff(request), detail={"address": address(request)})

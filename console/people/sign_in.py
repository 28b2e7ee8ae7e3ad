"""Signing in and out: audited, throttled, and ended after idle minutes or a working day."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import user_logged_in, user_logged_out
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from console.people import hashing, names
from console.people.models import SignInFailure, User
from console.record import audit
from console.viewing import sessions
from console.viewing.models import WorkSession
from gateway import locks

IDLE_SECONDS = 30 * 60
TOUCH_SECONDS = 60  # the session is written at most this often
FAILURES = 5
LOCK = timedelta(minutes=15)
LOCKED = "Too many failed sign-ins with this name from this address. Wait 15 minutes."


class SignInForm(AdminAuthenticationForm):
    """The admin's form with a lock: the same words whether or not there is such a user."""

    def clean(self) -> dict[str, Any]:
        """Count the guess, then look at the password; a refusal is written down."""
        name = self.cleaned_data.get("username", "")
        if not (name and self.cleaned_data.get("password")):
            return super().clean()
        with counted(name, address(self.request)) as guess:
            try:
                return super().clean()
            except ValidationError:
                note_failure(name, self.request, "sign_in.locked" if guess.last else "sign_in.failed")
                raise


@dataclass(frozen=True)
class Guess:
    """One counted guess at a password; `last`: if it is wrong, it is the one that locks."""

    pk: int
    last: bool


@contextmanager
def counted(name: str, origin: str) -> Iterator[Guess]:
    """Count a guess at this name's password from this address before it is made, so that guesses at once count too.

    Raises ValidationError while the lock holds, and where no hash got free (then it does not count). An exception is a
    wrong guess, which stays counted; without one the guess was right, and it and those before it are forgotten.
    """
    key = failure_key(name, origin)
    guess = _count(key)
    if guess is None:
        raise ValidationError(LOCKED, code="locked")
    try:
        yield guess
    except hashing.Busy:
        SignInFailure.objects.filter(pk=guess.pk).delete()
        raise hashing.busy() from None
    SignInFailure.objects.filter(key=key, pk__lte=guess.pk).delete()


def _count(key: str) -> Guess | None:
    """Add a guess; None where FAILURES of them are within LOCK. With the last one LOCK begins anew for all of them."""
    now = timezone.now()
    SignInFailure.objects.filter(at__lte=now - LOCK).delete()
    with transaction.atomic():
        locks.one_at_a_time(int(key[:15], 16))
        recent = SignInFailure.objects.filter(key=key, at__gt=now - LOCK)
        number = recent.count() + 1
        if number > FAILURES:
            return None
        added = SignInFailure.objects.create(key=key, at=now)
        if number == FAILURES:
            recent.update(at=now)
    return Guess(added.pk, last=number == FAILURES)


def address(request: HttpRequest | None) -> str:
    """Where a request came from: the last hop that our own proxy saw, where we stand behind one."""
    if request is None:
        return ""
    if settings.SECURE_PROXY_SSL_HEADER and "HTTP_X_FORWARDED_FOR" in request.META:
        return request.META["HTTP_X_FORWARDED_FOR"].rpartition(",")[2].strip()
    return request.META.get("REMOTE_ADDR", "")


def failure_key(name: str, origin: str) -> str:
    """SHA-256 of the name's key and the address."""
    return hashlib.sha256(f"{names.key(name)}\n{origin}".encode("utf-8", "surrogatepass")).hexdigest()


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
    """Start the clocks of this sign-in, write it down."""
    request.session["signed_in_at"] = request.session["seen_at"] = int(time.time())
    with transaction.atomic():
        audit.record("sign_in.succeeded", user=user, detail={"address": address(request)})


def note_failure(name: str, request: HttpRequest | None, action: str) -> None:
    """Write a wrong guess down. A name that nobody has is not kept: people type passwords there."""
    with transaction.atomic():
        user = User.objects.named(name)
        audit.record(action, user=user, detail={"address": address(request)})


@receiver(user_logged_out)
def note_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """End the work session with the sign-in, and write it down."""
    if user is None:
        return
    sessions.end_all(user, WorkSession.End.SIGN_OUT)
    with transaction.atomic():
        audit.record("sign_out", user=user, detail={"address": address(request)})

"""At most SIGN_IN_HASHES passwords are hashed at once in a process: each takes 100 MiB and a core for a short time.

The limit is in the hashers themselves, so every check and every change of a password keeps it.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher
from django.core.exceptions import ValidationError
from django.http import HttpResponse

from console.people.models import User

Answer = TypeVar("Answer", bound=HttpResponse)

BUSY = "Too many passwords are being checked at this moment. Nothing was changed; send it again in a few seconds."
RETRY_AFTER = 2  # seconds
_semaphores: dict[tuple[int, str, int], threading.BoundedSemaphore] = {}


class Busy(Exception):  # noqa: N818  (it says what this process is)
    """No hash got free in time: no password was checked or set."""


@contextmanager
def place() -> Iterator[None]:
    """One of this process's hashes; raises Busy when none gets free within SIGN_IN_WAIT seconds.

    At most half of the threads hash or wait for it, and further ones are Busy at once, so that webhooks find a thread.
    """
    line = max(settings.SIGN_IN_HASHES, settings.THREADS // 2)
    with _held("line", line, 0), _held("hash", settings.SIGN_IN_HASHES, settings.SIGN_IN_WAIT):
        yield


@contextmanager
def _held(kind: str, limit: int, seconds: float) -> Iterator[None]:
    semaphore = _semaphores.setdefault((os.getpid(), kind, limit), threading.BoundedSemaphore(limit))
    if not semaphore.acquire(timeout=seconds):
        raise Busy
    try:
        yield
    finally:
        semaphore.release()


class Argon2(Argon2PasswordHasher):
    """Django's, each hash in a place of its own."""

    def encode(self, password: str, salt: str) -> str:
        """The encoded hash; raises Busy."""
        with place():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether the password is the one that was encoded; raises Busy."""
        with place():
            return super().verify(password, encoded)


class PBKDF2(PBKDF2PasswordHasher):
    """Django's, each hash in a place of its own; it verifies by encoding again."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """The encoded hash; raises Busy."""
        with place():
            return super().encode(password, salt, iterations)


def hashed(form: Any) -> User | None:
    """The user of a valid form with the new password hashed and not stored yet: no transaction is open meanwhile.

    None where no hash got free: the form then says so.
    """
    try:
        user: User = form.save(commit=False)
    except Busy:
        form.add_error(None, busy())
        return None
    return user


def busy() -> ValidationError:
    """What a form says when no hash got free."""
    return ValidationError(BUSY, code="busy")


def answered(answer: Answer, form: forms.BaseForm) -> Answer:
    """The answer that draws this form: 503 with Retry-After where the form only lacked a hash."""
    errors = [error for found in form.errors.as_data().values() for error in found]
    if any(error.code == "busy" for error in errors):
        answer.status_code = 503
        answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer

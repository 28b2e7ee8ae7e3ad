"""Ending what a person has open goes well with others who write about the same person at the same moment."""

import contextlib
import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from console.people import access, tokens
from console.people.models import PersonalToken, User
from console.record import audit
from console.viewing import sessions
from console.viewing.models import WorkSession
from tests.people import ACCOUNT, browser, known_accounts, person

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12


def end() -> None:
    user = User.objects.get(username="otto")
    with transaction.atomic():
        access.end(user, "password set", by=user)


def start() -> None:
    request = RequestFactory().post("/")
    request.user, request.session = User.objects.get(username="otto"), browser("otto").session
    with contextlib.suppress(PermissionDenied):  # ended since
        sessions.start(request, account_id=ACCOUNT, category="routine", reason="Looking at it")


def revoke() -> None:
    tokens.revoke(tokens.create(User.objects.get(username="otto"))[0])


def tell() -> None:
    user = User.objects.get(username="otto")
    tokens.create(user)
    with transaction.atomic():
        audit.record("sign_in.failed", user=user)


def close() -> None:
    sessions.end_all(User.objects.get(username="otto"), WorkSession.End.CLICK)


def test_nobody_waits_for_each_other_in_a_circle() -> None:
    known_accounts()
    person("otto")
    trouble: list[DatabaseError] = []

    def repeated(act: Callable[[], None]) -> None:
        try:
            for _ in range(ROUNDS):
                act()
        except DatabaseError as problem:
            trouble.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=repeated, args=[act]) for act in (end, start, revoke, tell, close, end)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    end()
    assert not PersonalToken.objects.filter(revoked_at=None).exists()

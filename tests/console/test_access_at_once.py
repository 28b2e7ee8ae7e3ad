"""Ending what a person has open goes well with others who write about the same person at the same moment."""

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test import RequestFactory

from console import access, audit, sessions, tokens
from console.models import PersonalToken, User, WorkSession
from tests.people import ACCOUNT, browser, known_accounts, person

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12


def test_nobody_waits_for_each_other_in_a_circle() -> None:
    known_accounts()
    otto, session = person("otto"), browser("otto").session
    trouble: list[BaseException] = []

    def end() -> None:
        with transaction.atomic():
            access.end(User.objects.get(pk=otto.pk), "password set", by=otto)

    def start() -> None:
        request = RequestFactory().post("/")
        request.user, request.session = User.objects.get(pk=otto.pk), session
        try:
            sessions.start(request, account_id=ACCOUNT, category="routine", reason="Looking at it")
        except PermissionDenied:
            return

    def revoke() -> None:
        token, _ = tokens.create(User.objects.get(pk=otto.pk))
        tokens.revoke(token)

    def tell() -> None:
        tokens.create(User.objects.get(pk=otto.pk))
        with transaction.atomic():
            audit.record("sign_in.failed", user=otto)

    def close() -> None:
        sessions.end_all(otto, WorkSession.End.CLICK)

    def repeated(act: Callable[[], None]) -> None:
        try:
            for _ in range(ROUNDS):
                act()
        except BaseException as problem:  # noqa: BLE001  (told by the thread that started it)
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

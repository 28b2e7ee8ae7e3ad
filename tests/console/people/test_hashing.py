"""Few passwords are hashed at once, whoever asks; who has to wait too long is told so and loses nothing."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import Client

from console.people import hashing
from console.people.models import SignInFailure, User
from tests.answers import check_headers
from tests.people import PASSWORD, browser, person

pytestmark = [pytest.mark.usefixtures("shipped_hashes"), pytest.mark.alike]
NEW = {"new_password1": "another horse battery", "new_password2": "another horse battery"}
CHANGE = {"old_password": PASSWORD, **NEW}
NINA = {"username": "nina", "password1": PASSWORD, "password2": PASSWORD, "role": "support"}


@pytest.fixture
def busy(settings: Any) -> Iterator[None]:
    """Every hash of this process is taken."""
    settings.SIGN_IN_WAIT = 0.01
    with ExitStack() as held:
        for _ in range(settings.SIGN_IN_HASHES):
            held.enter_context(hashing.place())
        yield


def filled(path: str) -> Any:
    """The answer of a right form at this address, signed in where it asks for that."""
    member = person("otto")
    forms = {"/login/": {"username": "otto", "password": PASSWORD}, "/password_change/": CHANGE, "/staff/new": NINA}
    client = Client() if path == "/login/" else browser("ana")
    return client.post(path.format(otto=member.pk), forms.get(path, NEW))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/password_change/", "/staff/new", "/staff/{otto}/password"])
def test_every_form_that_needs_a_hash_waits_only_so_long(path: str, settings: Any) -> None:
    settings.SIGN_IN_WAIT = 0.01
    for name in ("ana", "otto"):
        user = person(name)
        user.set_password(PASSWORD)
        user.save()
    before = list(User.objects.order_by("pk").values_list("password", flat=True))
    with ExitStack() as held:
        held.enter_context(hashing.place())
        held.enter_context(hashing.place())
        answer = filled(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert hashing.BUSY in answer.content.decode()
    check_headers(answer)
    assert list(User.objects.order_by("pk").values_list("password", flat=True)) == before
    assert not SignInFailure.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nobody", "otto", "sam"])
def test_who_exists_shows_in_nothing_when_no_hash_is_free(name: str, busy: None) -> None:
    person("otto")
    sam = person("sam")
    User.objects.filter(pk=sam.pk).update(password="pbkdf2_sha256$1000000$salt$aGFzaA==")
    answer = Client().post("/login/", {"username": name, "password": "wrong"})
    assert answer.status_code == 503
    assert f'value="{name}"' in answer.content.decode()


@pytest.mark.django_db
def test_entries_are_kept_when_no_hash_is_free(busy: None) -> None:
    html = browser("ana").post("/staff/new", {**NINA, "email": "nina@example.com"}).content.decode()
    assert 'value="nina"' in html
    assert 'value="nina@example.com"' in html


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_than_the_limit_hash_at_once(limit: int, settings: Any) -> None:
    settings.SIGN_IN_HASHES, settings.SIGN_IN_WAIT, settings.THREADS = limit, 30.0, 24
    inside, peak, count = 0, 0, threading.Lock()
    together = threading.Barrier(limit)

    def one() -> None:
        nonlocal inside, peak
        with hashing.place():
            with count:
                inside += 1
                peak = max(peak, inside)
            together.wait(5)  # as many as may are in at the same time
            with count:
                inside -= 1

    threads = [threading.Thread(target=one) for _ in range(limit * 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (peak, inside) == (limit, 0)


def test_when_half_of_the_threads_are_at_it_the_next_is_told_at_once(settings: Any) -> None:
    settings.SIGN_IN_HASHES, settings.SIGN_IN_WAIT, settings.THREADS = 2, 30.0, 4
    began = time.monotonic()
    with hashing.place(), hashing.place(), pytest.raises(hashing.Busy), hashing.place():
        pass
    assert time.monotonic() - began < 5


def test_a_place_is_free_again_after_a_failure(settings: Any) -> None:
    settings.SIGN_IN_WAIT = 0.01
    for _ in range(settings.THREADS + 1):
        with pytest.raises(LookupError), hashing.place():
            raise LookupError

"""Guesses at a password: one name however it is typed, counted before they are made, at sign-in and change alike."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from console.people import hashing, sign_in
from console.people.me import LOCKED_OUT
from console.people.models import SignInFailure, User
from console.people.sign_in import LOCKED
from console.record.models import AuditEntry
from tests.people import PASSWORD, browser, person

pytestmark = pytest.mark.django_db
NEW = {"new_password1": "another horse battery", "new_password2": "another horse battery"}


def with_password(name: str) -> User:
    user = person(name)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in_as(name: str, password: str = "wrong", address: str = "10.0.0.1") -> str:
    """ "in", or what the form says."""
    answer = Client().post("/login/", {"username": name, "password": password}, REMOTE_ADDR=address)
    assert answer.status_code in (302, 422)
    return "in" if answer.status_code == 302 else " ".join(answer.context["form"].non_field_errors())


def change(client: Client, old: str = "wrong", **new: str) -> Any:
    return client.post("/password_change/", {"old_password": old, **NEW, **new}, REMOTE_ADDR="10.0.0.1")


SPELLINGS = ["ｏｔｔｏ", "OTTO", " otto", "otto\u3000", "ＯＴＴＯ ", "ｏtto", "Otto\u00a0", "𝐨𝐭𝐭𝐨", "ⓞⓣⓣⓞ", "oTTo"]


@pytest.mark.parametrize("name", ["otto", "nobody"])
def test_every_spelling_of_a_name_counts_as_one(name: str) -> None:
    with_password("otto")
    spellings = [name, name.upper(), f" {name} ", "".join(chr(ord(letter) + 0xFEE0) for letter in name), name.title()]
    assert LOCKED not in [sign_in_as(spelling) for spelling in spellings]
    assert [sign_in_as(spelling) for spelling in spellings] == [LOCKED] * 5


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_locked_name_is_locked_in_every_spelling(spelling: str) -> None:
    with_password("otto")
    for _ in range(5):
        sign_in_as("otto")
    assert sign_in_as(spelling, PASSWORD) == LOCKED
    assert sign_in_as(spelling, PASSWORD, address="10.0.0.2") != LOCKED


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_guesses_in_another_spelling_lock_the_plain_name(spelling: str) -> None:
    with_password("otto")
    for _ in range(5):
        sign_in_as(spelling)
    assert sign_in_as("otto", PASSWORD) == LOCKED


@pytest.mark.parametrize("other", ["ottoo", "ot to", "0tto", "öttö"])
def test_another_name_is_another(other: str) -> None:
    assert sign_in.failure_key(other, "") != sign_in.failure_key("otto", "")


def test_the_lock_lasts_fifteen_minutes_from_the_fifth_guess() -> None:
    with_password("otto")
    for _ in range(4):
        sign_in_as("otto")
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=14))
    sign_in_as("otto")
    SignInFailure.objects.update(at=F("at") - timedelta(minutes=14))
    assert sign_in_as("otto", PASSWORD) == LOCKED
    SignInFailure.objects.update(at=F("at") - timedelta(minutes=2))
    assert sign_in_as("otto", PASSWORD) == "in"


def test_a_right_password_of_somebody_who_may_not_sign_in_counts_as_wrong() -> None:
    user = with_password("otto")
    User.objects.filter(pk=user.pk).update(is_staff=False)
    said = [sign_in_as("otto", PASSWORD) for _ in range(6)]
    assert said == [sign_in_as("nobody", PASSWORD) for _ in range(6)]
    assert said[-1] == LOCKED


@pytest.mark.parametrize("entries", [{"username": "otto"}, {"password": "x"}])
def test_half_an_entry_is_no_guess(entries: dict[str, str]) -> None:
    assert Client().post("/login/", entries).status_code == 422
    assert not SignInFailure.objects.exists()


def test_the_fifth_failure_is_written_down_as_the_one_that_locks() -> None:
    with_password("otto")
    for _ in range(7):
        sign_in_as("otto")
    actions = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert actions == ["sign_in.failed"] * 4 + ["sign_in.locked"]


@pytest.mark.parametrize("wrong", [{"old": "wrong"}, {"old": PASSWORD, "new_password2": "other"}, {"old": ""}])
def test_a_wrong_entry_in_the_password_change_is_422_and_changes_nothing(wrong: dict[str, str]) -> None:
    before = with_password("otto").password
    answer = change(browser("otto"), **wrong)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert person("otto").password == before


def test_the_password_change_is_locked_with_the_sign_in() -> None:
    with_password("otto")
    client = browser("otto")
    for _ in range(5):
        sign_in_as("ＯＴＴＯ")
    answer = change(client, PASSWORD)
    assert answer.status_code == 422
    assert LOCKED in answer.content.decode()
    assert person("otto").check_password(PASSWORD)
    assert client.get("/me/").status_code == 200  # whoever guesses at the sign-in cannot sign anybody out


def test_the_fifth_wrong_current_password_ends_the_sign_in_and_locks_the_name() -> None:
    with_password("otto")
    client = browser("otto")
    for _ in range(4):
        assert change(client).status_code == 422
    answer = change(client)
    assert answer.status_code == 422
    assert LOCKED_OUT in answer.content.decode()
    assert change(client, PASSWORD)["Location"].startswith("/login/")
    assert person("otto").check_password(PASSWORD)
    assert sign_in_as("otto", PASSWORD) == LOCKED
    assert sign_in_as("otto", PASSWORD, address="10.0.0.2") == "in"
    actions = AuditEntry.objects.filter(user__username="otto").values_list("action", flat=True)
    assert {"user.password_wrong", "user.password_locked", "user.signed_out"} <= set(actions)


def test_a_right_current_password_forgets_earlier_guesses() -> None:
    with_password("otto")
    client = browser("otto")
    for _ in range(4):
        change(client)
    assert change(client, PASSWORD).status_code == 302
    assert not SignInFailure.objects.exists()


def test_a_guess_that_waited_in_vain_is_not_counted() -> None:
    with pytest.raises(sign_in.ValidationError, match=hashing.BUSY), sign_in.counted("otto", ""):
        raise hashing.Busy
    assert not SignInFailure.objects.exists()


def test_a_guess_that_crashes_stays_counted() -> None:
    with pytest.raises(LookupError), sign_in.counted("otto", ""):
        raise LookupError
    assert SignInFailure.objects.count() == 1


def test_guesses_under_way_count_and_a_right_one_forgets_none_that_came_after() -> None:
    with sign_in.counted("otto", ""):
        for _ in range(4):
            with pytest.raises(LookupError), sign_in.counted("otto", ""):
                raise LookupError
        with pytest.raises(sign_in.ValidationError, match="Too many failed"), sign_in.counted("otto", ""):
            raise LookupError
    assert SignInFailure.objects.count() == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["otto", "nobody"])
def test_guesses_at_once_pass_no_more_than_five(name: str, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["console.people.hashing.Argon2"]
    settings.SIGN_IN_HASHES, settings.SIGN_IN_WAIT, settings.THREADS = 12, 30.0, 24
    settings.PAGE_PATIENCE = 60.0  # all twelve write
    with_password("otto")
    start, said = threading.Barrier(12), list[bool]()

    def guess(number: int) -> None:
        start.wait(30)
        form = {"username": [name, name.upper(), f"{name} "][number % 3], "password": "wrong"}
        said.append(LOCKED in Client().post("/login/", form).content.decode())
        connection.close()

    threads = [threading.Thread(target=guess, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(said), sum(said)) == (12, 7)
    assert AuditEntry.objects.filter(action__startswith="sign_in.").count() == 5
    assert AuditEntry.objects.filter(action="sign_in.locked").count() == 1

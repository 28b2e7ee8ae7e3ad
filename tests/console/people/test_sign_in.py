"""Signing in: throttled, told apart from nothing, limited in time, written down."""

from datetime import timedelta

import pytest
from django.test import Client

from console.people.models import SignInFailure, User
from console.people.sign_in import LOCKED
from console.record.models import AuditEntry
from tests.people import PASSWORD, browser, person

pytestmark = pytest.mark.django_db


def with_password(name: str) -> User:
    user = person(name)
    user.set_password(PASSWORD)
    user.save()
    return user


def try_to(client: Client, name: str, password: str = "wrong", address: str = "10.0.0.1") -> str:
    """Post the form; "in" or the text that refuses."""
    answer = client.post("/login/?next=/", {"username": name, "password": password}, REMOTE_ADDR=address)
    return "in" if answer.status_code == 302 else " ".join(answer.context["form"].non_field_errors())


def test_sign_in_leads_to_the_page_asked_for_with_a_new_session_id() -> None:
    with_password("otto")
    client = Client()
    client.get("/login/")
    client.session["kept"] = 1
    before = client.session.session_key
    answer = client.post("/login/?next=/me/", {"username": "otto", "password": PASSWORD, "next": "/me/"})
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert client.session.session_key != before


def test_five_failures_lock_one_name_from_one_address() -> None:
    with_password("otto"), with_password("sam")
    client = Client()
    for _ in range(5):
        assert try_to(client, "otto") != LOCKED
    assert try_to(client, "otto", PASSWORD) == LOCKED
    assert try_to(client, "OTTO ", PASSWORD) == LOCKED
    assert try_to(Client(), "sam", PASSWORD) == "in"
    assert try_to(Client(), "otto", PASSWORD, address="10.0.0.2") == "in"


def test_the_lock_ends_after_fifteen_minutes() -> None:
    with_password("otto")
    for _ in range(5):
        try_to(Client(), "otto")
    for failure in SignInFailure.objects.all():
        SignInFailure.objects.filter(pk=failure.pk).update(at=failure.at - timedelta(minutes=15, seconds=1))
    assert try_to(Client(), "otto", PASSWORD) == "in"


def test_refusals_do_not_tell_which_users_exist() -> None:
    with_password("otto")
    known = [try_to(Client(), "otto") for _ in range(6)]
    unknown = [try_to(Client(), "nobody") for _ in range(6)]
    assert known == unknown
    assert known[-1] == LOCKED


def test_success_forgets_earlier_failures() -> None:
    with_password("otto")
    for _ in range(4):
        try_to(Client(), "otto")
    assert try_to(Client(), "otto", PASSWORD) == "in"
    assert not SignInFailure.objects.exists()


def test_signing_in_out_and_failing_are_written_down() -> None:
    user = with_password("otto")
    client = Client()
    try_to(client, "otto")
    try_to(client, "a password typed into the wrong field")
    try_to(client, "otto", PASSWORD)
    client.post("/logout/")
    rows = AuditEntry.objects.order_by("number").values_list("action", "user_id", "personal__user_name")
    assert list(rows) == [
        ("sign_in.failed", user.pk, "otto"),
        ("sign_in.failed", None, ""),
        ("sign_in.succeeded", user.pk, "otto"),
        ("sign_out", user.pk, "otto"),
    ]


def test_a_disabled_user_is_out_with_the_next_request() -> None:
    client = browser("otto")
    assert client.get("/me/").status_code == 200
    User.objects.filter(username="otto").update(is_active=False)
    assert client.get("/me/")["Location"].startswith("/login/")


@pytest.mark.parametrize(("clock", "age"), [("seen_at", 30 * 60), ("signed_in_at", 12 * 3600)])
def test_a_sign_in_ends_when_it_is_idle_or_old(clock: str, age: int) -> None:
    client = browser("otto")
    session = client.session
    session[clock] -= age
    session.save()
    assert client.get("/me/")["Location"].startswith("/login/")


def test_use_keeps_a_sign_in_alive() -> None:
    client = browser("otto")
    session = client.session
    session["seen_at"] -= 29 * 60
    session.save()
    client.get("/me/")
    assert client.session["seen_at"] > session["seen_at"]


def test_who_opens_the_address_of_the_sign_out_is_told_where_its_button_is_and_stays() -> None:
    client = browser("otto")
    answer = client.get("/logout/", follow=True)
    assert (answer.status_code, answer.redirect_chain) == (200, [("/me/", 302)])
    assert "You are still signed in" in answer.content.decode()
    assert client.get("/me/").status_code == 200


def test_a_changed_password_is_written_down() -> None:
    with_password("otto")
    client = Client()
    client.login(username="otto", password=PASSWORD)
    new = "another horse battery"
    client.post("/password_change/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert AuditEntry.objects.filter(action="user.password_changed", user__username="otto").count() == 1

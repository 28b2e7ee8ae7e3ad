"""What staff are mailed: that their sign-in was changed, and once a day what needs a person, if they wish."""

from datetime import UTC, datetime
from typing import Any

import pytest

from console.mail import digest
from console.mail.models import Mail
from console.operations.models import Operation
from console.people import tokens
from console.people.models import User
from console.record import audit
from console.record.models import AuditEntry
from tests.people import browser, person, view_as
from tests.people import known_accounts as accounts

pytestmark = pytest.mark.django_db
NEW = "a longer horse battery"
MORNING = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)


def addressed(name: str, **values: Any) -> User:
    """One of the people, with an address."""
    user = person(name)
    User.objects.filter(pk=user.pk).update(email=f"{name}@example.com", **values)
    user.refresh_from_db()
    return user


def the_mail() -> Mail:
    return Mail.objects.get()


def test_somebody_whose_password_is_set_is_told_and_learns_no_password() -> None:
    vera, client = addressed("vera"), browser("ana")
    answer = client.post(f"/staff/{vera.pk}/password", {"new_password1": NEW, "new_password2": NEW})
    assert answer.status_code == 302
    mail = the_mail()
    assert (mail.to, mail.user, mail.template) == ("vera@example.com", person("ana"), "sign_in_changed")
    assert mail.subject == "Northgate Cards console: An administrator set your password"
    assert NEW not in mail.body
    assert "http://127.0.0.1:8000/me/" in mail.body
    assert "ana" not in mail.body.replace("an administrator", "")


def test_somebody_who_changes_their_password_is_told() -> None:
    vera = addressed("vera")
    vera.set_password("correct horse battery")
    vera.save()
    client = browser("vera")
    form = {"old_password": "correct horse battery", "new_password1": NEW, "new_password2": NEW}
    assert client.post("/password_change/", form).status_code == 302
    assert the_mail().subject.endswith("Your password was changed")


def test_a_password_that_is_refused_mails_nothing() -> None:
    vera, client = addressed("vera"), browser("ana")
    assert client.post(f"/staff/{vera.pk}/password", {"new_password1": "x", "new_password2": "x"}).status_code == 422
    assert not Mail.objects.exists()


def test_somebody_for_whom_a_token_is_made_is_told_and_the_token_stands_nowhere() -> None:
    _, plain = tokens.create(addressed("otto"), "nightly")
    mail = the_mail()
    assert "token was made" in mail.subject
    assert plain not in str([list(row) for row in Mail.objects.values_list()])


def test_who_has_no_address_or_none_that_works_is_not_mailed() -> None:
    tokens.create(person("otto"), "nightly")
    User.objects.update(email="otto at example")
    tokens.create(person("otto"), "nightly")
    assert not Mail.objects.exists()


def test_the_digest_counts_what_needs_a_person_and_holds_the_trails_head() -> None:
    accounts()
    addressed("ana", daily_digest=True)
    view_as(browser("sam"))
    Operation.objects.create(
        verb="tests.gone", user=person("sam"), reason="r", key="k", form_token="f", state="not_found"
    )
    assert digest.send_daily(MORNING) == 1
    mail, head = the_mail(), AuditEntry.objects.latest("number")
    assert (mail.to, mail.user, mail.subject) == (
        "ana@example.com",
        None,
        "Northgate Cards console: 1 waiting for a person",
    )
    assert "Waiting for a person: 1\n" in mail.body
    assert f"on 26 Nov 2026, 06:30 UTC: row {head.number}, digest\n{head.digest}\n" in mail.body
    assert audit.verify(head.digest).problem == ""


def test_the_digest_is_sent_once_a_day_from_the_morning_on() -> None:
    addressed("ana", daily_digest=True)
    assert digest.send_daily(MORNING.replace(hour=5)) == 0
    for at in (MORNING, MORNING.replace(hour=9), MORNING.replace(hour=23)):
        assert digest.send_daily(at) == 1
    assert Mail.objects.count() == 1
    digest.send_daily(MORNING.replace(day=27))
    assert Mail.objects.count() == 2
    assert "digest\n" + "0" * 64 in Mail.objects.first().body  # type: ignore[union-attr]  # an empty trail


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ana", {}),
        ("ana", {"daily_digest": True, "is_active": False}),
        ("sam", {"daily_digest": True}),
        ("vera", {"daily_digest": True}),
        ("ana", {"daily_digest": True, "email": ""}),
        ("ana", {"daily_digest": True, "email": "ana"}),
    ],
)
def test_nobody_else_gets_it(name: str, values: dict[str, Any]) -> None:
    user = person(name)
    User.objects.filter(pk=user.pk).update(**{"email": "somebody@example.com", **values})
    assert digest.send_daily(MORNING) == 0
    assert not Mail.objects.exists()


def test_people_choose_it_on_their_own_page() -> None:
    otto, client = addressed("otto"), browser("otto")
    assert "Mail me once a day what needs a person" in client.get("/me/").content.decode()
    for posted, wished in (({"daily_digest": "on"}, True), ({}, False), ({}, False)):
        assert client.post("/me/mail", posted).status_code == 302
        otto.refresh_from_db()
        assert otto.daily_digest is wished
    assert AuditEntry.objects.filter(action="user.mail_changed").count() == 2
    client.post("/me/mail", {"email": "eve@example.com", "daily_digest": "on"})
    otto.refresh_from_db()
    assert otto.email == "otto@example.com"


def test_the_own_page_says_where_mail_goes_and_what_is_missing() -> None:
    vera = browser("vera")
    page = vera.get("/me/").content.decode()
    assert "You are mailed nothing: you have no address here. An administrator can add it." in page
    addressed("vera")
    page = vera.get("/me/").content.decode()
    assert "vera@example.com" in page
    assert "daily_digest" not in page

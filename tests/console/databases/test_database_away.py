"""While the database is away: 503 at once, what was typed comes back, and machines are told."""

import re
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from console.shell import errors
from tests.answers import check_headers
from tests.people import browser

pytestmark = pytest.mark.django_db
FORM = "/do/accounts.create_account/"
ENTRIES = {
    "country": "US",
    "business_type": "company",
    "business_name": 'Alder <b>"Freight"',
    "reason": "A new customer\nof ours",
    "form_token": "a" * 32,
}


class Away:
    """As django's execute_wrapper: the database answers nothing."""

    def __init__(self, error: type[Exception] = OperationalError) -> None:
        self.error, self.asked = error, 0

    def __call__(self, *arguments: Any) -> None:
        self.asked += 1
        raise self.error("away")


def sent(client: Client, path: str, entries: dict[str, str], away: Away | None = None) -> Any:
    client.raise_request_exception = False
    with connection.execute_wrapper(away or Away()):
        return client.post(path, entries)


def given_back(html: str) -> dict[str, str]:
    """The entries that the page's form would send."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    typed = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n?([^<]*)', html)
    return dict(hidden) | dict(typed)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_page_is_503_after_one_question(error: type[Exception]) -> None:
    client, away = browser("otto"), Away(error)
    client.raise_request_exception = False
    with connection.execute_wrapper(away):
        answer = client.get("/operations/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert away.asked == 1
    check_headers(answer)


def test_a_forms_entries_survive() -> None:
    answer = sent(browser("otto"), FORM, ENTRIES)
    assert answer.status_code == 503
    entries = given_back(answer.content.decode())
    assert entries.pop("csrfmiddlewaretoken", "")
    assert entries["business_name"] == "Alder &lt;b&gt;&quot;Freight&quot;"
    assert entries["reason"] == "A new customer\nof ours"
    assert entries["form_token"] == ENTRIES["form_token"]
    assert f'action="{FORM}"' in answer.content.decode()


def test_what_is_given_back_is_taken_when_it_is_sent_again() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(browser("otto").get("/me/").wsgi_request.user)
    client.get(FORM)
    token = client.cookies["csrf"].value
    again = given_back(sent(client, FORM, {**ENTRIES, "csrfmiddlewaretoken": token}).content.decode())
    assert client.post(FORM, {**again, "reason": ""}).status_code == 422


@pytest.mark.parametrize(
    ("path", "name"),
    [("/login/", "password"), (FORM, "dob"), (FORM, "tax_id"), ("/staff/1/password", "new_password1")],
)
def test_what_is_sensitive_is_asked_again_and_never_repeated(path: str, name: str) -> None:
    html = sent(browser("ana"), path, {name: "hunter2-1990", "reason": "A new customer"}).content.decode()
    assert "hunter2-1990" not in html
    assert re.search(rf'<input[^>]*type="password" name="{name}" required', html)


def test_the_form_of_another_site_is_not_given_back() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(browser("otto").get("/me/").wsgi_request.user)
    answer = sent(client, FORM, ENTRIES)
    assert answer.status_code == 503
    assert "Alder" not in answer.content.decode()
    assert "csrfmiddlewaretoken" not in answer.content.decode()


@pytest.mark.parametrize("signed_in", [True, False])
def test_machines_are_told_without_a_look_at_the_session(signed_in: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    client, away = browser("otto") if signed_in else Client(), Away()
    with connection.execute_wrapper(away):
        assert client.get("/healthz").status_code == 200
        assert away.asked == 0
        assert client.get("/readyz").status_code == 503
        assert away.asked == 1


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x")])
def test_an_error_of_ours_is_still_500(error: Exception, rf: Any) -> None:
    try:
        raise error
    except (ValueError, KeyError):
        assert errors.server_error(rf.get("/")).status_code == 500

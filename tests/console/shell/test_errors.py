"""Our own error pages, under every header, and without a database where there may be none."""

import pytest
from django.test import Client, RequestFactory

from console.shell import errors
from tests.answers import check_headers
from tests.people import browser


@pytest.mark.django_db
def test_a_page_that_does_not_exist_is_told_inside_the_frame() -> None:
    answer = browser("vera").get("/no/such/page/")
    assert answer.status_code == 404
    assert "errors/404.html" in [template.name for template in answer.templates]


@pytest.mark.django_db
def test_a_refusal_names_the_permission_that_lacks() -> None:
    answer = browser("vera").get("/staff/")
    assert answer.status_code == 403
    assert "console.view_user" in answer.content.decode()


def test_a_strange_host_gets_our_own_page() -> None:
    answer = Client().get("/login/", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


def test_the_page_of_a_crash_needs_no_database() -> None:
    answer = errors.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500


@pytest.mark.django_db
def test_a_missing_token_gets_our_own_page() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/login/", {"username": "otto", "password": "x"})
    assert answer.status_code == 403
    assert "errors/csrf.html" in [template.name for template in answer.templates]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/search?q=%00", "/connect/accounts/a%00b", "/accounts/account/?country=%00", "/%00"])
def test_a_nul_byte_is_refused(path: str) -> None:
    answer = browser("vera").get(path)
    assert answer.status_code == 400
    check_headers(answer)

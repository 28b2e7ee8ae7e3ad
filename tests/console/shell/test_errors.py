"""Our own error pages, under every header, and without a database where there may be none."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest
from django.test import Client, RequestFactory
from django.urls import resolve

from console.shell import errors
from tests.answers import check_headers, check_page
from tests.people import ACCOUNT, browser, known_accounts, view_as


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


REFUSED = [
    ("get", "/bulk/issuing.create_card/", {}, "done for one at a time"),
    ("get", "/bulk/issuing.cancel_card/", {"id": "ic_nothing"}, "There is no card ic_nothing here"),
    ("get", "/bulk/issuing.cancel_card/", {"id": ["ic_1"] * 501}, "At most 500 at once; 501 were selected."),
    ("post", "/bulk/issuing.cancel_card/", {"row": "ic_1:again"}, "A row of this form was changed on the way."),
    ("post", "/exports/issuing.card", {"format": "pdf"}, "Export as CSV or XLSX."),
    ("get", "/console/operation/", {"user__id__exact": "²", "e": "1"}, "This list has no such page."),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "data", "sentence"), REFUSED)
def test_what_a_page_refuses_is_told_in_its_words(method: str, path: str, data: dict[str, Any], sentence: str) -> None:
    known_accounts()
    otto, came_from = browser("otto"), "/issuing/card/?status=active"
    answer = getattr(otto, method)(path, data, HTTP_REFERER=f"http://testserver{came_from}")
    check_page(answer)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert f'href="{came_from}"' in answer.content.decode()
    assert "Cards" in [line["label"] for group in answer.context["frame"]["menu"] for line in group["entries"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "referer",
    [
        "",
        "http://evil.example/issuing/card/",
        "http://testserver//evil.example/",
        "http://[",
        "http://testserver/staff/",
    ],
)
def test_the_way_back_is_a_page_of_ours_that_they_may_open(referer: str) -> None:
    answer = browser("otto").get("/bulk/issuing.create_card/", HTTP_REFERER=referer)
    assert answer.context["back_url"] == ""


@pytest.mark.django_db
def test_what_is_no_id_is_not_repeated() -> None:
    known_accounts()
    page = browser("otto").get("/bulk/issuing.cancel_card/", {"id": "000-12-3456"}).content.decode()
    assert "There is no such card here" in page
    assert "000-12-3456" not in page


@pytest.mark.django_db
def test_a_stranger_is_told_nothing_of_a_bad_request() -> None:
    request = RequestFactory().get("/")
    request.user, request.resolver_match = AnonymousUser(), resolve("/search")
    answer = errors.bad_request(request, BadRequest("A sentence for staff"))
    assert (answer.status_code, "A sentence for staff" in answer.content.decode()) == (400, False)


@pytest.mark.django_db
def test_a_form_for_a_page_that_only_reads_is_answered_in_words() -> None:
    known_accounts()
    sam, page = browser("sam"), f"/{ACCOUNT}/issuing/cards"
    view_as(sam)
    for path in (page, f"{page}/", "/search"):
        answer = sam.post(path, {"for_account": ACCOUNT})
        assert answer.status_code == 405
        assert "It is only read" in answer.content.decode(), path
        assert f'href="{path.rstrip("/")}"' in answer.content.decode()
    assert not Client().post("/search").content

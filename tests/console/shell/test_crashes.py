"""The page of a crash is drawn whatever else has failed: database, session, frame, templates, static files."""

import copy
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from console.shell import errors
from tests.answers import check_headers, check_page
from tests.people import browser

FAILING = "tests.console.shell.failing"
SAID = "This page could not be made, and the failure has been logged"


@pytest.fixture
def faulty(settings: Any) -> None:
    settings.ROOT_URLCONF = FAILING


def crash(client: Client) -> Any:
    client.raise_request_exception = False
    answer = client.get("/fault")
    check_headers(answer)
    check_page(answer)
    return answer


def said(answer: Any, status: int = 500, *, bare: bool = False) -> bool:
    """Whether it is told, in the page's own looks; `bare`: in plain markup, where templates or files are missing."""
    text = " ".join(answer.content.decode().split())
    told = answer.status_code == status and SAID in text and 'href="/"' in text
    return told and bare == ("stylesheet" not in text)


@pytest.mark.django_db
def test_a_fault_in_a_page_is_told(faulty: None) -> None:
    assert said(crash(browser("vera")))


@pytest.mark.django_db
def test_it_needs_no_context(faulty: None, settings: Any) -> None:
    client = browser("vera")
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"].append(f"{FAILING}.processor")
    settings.TEMPLATES = templates
    assert said(crash(client))
    client.raise_request_exception = False
    assert said(client.get("/no/such/page"))  # a page in the frame: it fails, and that is told outside of it


@pytest.mark.django_db
def test_it_needs_no_session(faulty: None, settings: Any) -> None:
    client = browser("vera")
    settings.SESSION_ENGINE = FAILING
    assert said(crash(client))


@pytest.mark.django_db
def test_it_needs_no_static_files(faulty: None, settings: Any) -> None:
    client = browser("vera")
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": f"{FAILING}.NoFiles"}}
    assert said(crash(client), bare=True)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [400, 413, 415, 500, 503])
def test_it_needs_no_template(status: int, settings: Any) -> None:
    templates = copy.deepcopy(settings.TEMPLATES)
    settings.TEMPLATES = [{**templates[0], "DIRS": []}]
    assert said(errors.alone(status), status, bare=True)


def test_it_asks_no_database() -> None:
    """Where no test database is given, a query is an error."""
    assert said(errors.server_error(RequestFactory().post("/fault", {"reason": "typed"})))


@pytest.mark.django_db
def test_a_database_that_is_away_while_the_rest_is_missing_is_told(settings: Any) -> None:
    settings.TEMPLATES = [{**copy.deepcopy(settings.TEMPLATES)[0], "DIRS": []}]
    client = browser("vera")
    client.raise_request_exception = False

    def away(*its: Any) -> None:
        raise OperationalError("away")

    with connection.execute_wrapper(away):
        answer = client.get("/")
    assert said(answer, 503, bare=True)
    assert answer.headers["Retry-After"] == "5"

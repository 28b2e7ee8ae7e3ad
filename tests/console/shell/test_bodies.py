"""What is too large, of unknown length, or holds a file is refused at every address, before anybody is recognised."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.answers import check_headers, check_page
from tests.people import ACCOUNT, browser

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
LARGEST = 1024 * 1024
FORM = "application/x-www-form-urlencoded"
ADDRESSES = [
    "/",
    "/login/",
    "/logout/",
    "/me/tokens",
    "/staff/new",
    "/password_change/",
    "/do/accounts.create_account/",
    f"/connect/accounts/{ACCOUNT}/view-as",
    "/console/operation/",
    "/healthz",
    "/no/such",
]


@pytest.fixture(params=["anonymous", "signed in"])
def client(request: pytest.FixtureRequest) -> Client:
    return Client() if request.param == "anonymous" else browser("ana")


def refused(answer: Any, status: int) -> None:
    assert answer.status_code == status
    check_headers(answer)
    check_page(answer)


class Unread:
    """A body that must not be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_body_over_the_limit_is_refused_unread(path: str, client: Client) -> None:
    for kind in (FORM, "multipart/form-data; boundary=b", "application/json"):
        announced = {"CONTENT_LENGTH": str(LARGEST + 1), "wsgi.input": Unread()}
        refused(client.generic("POST", path, b"x", kind, **announced), 413)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "ODD"])
def test_no_method_takes_more(method: str) -> None:
    assert Client().generic(method, "/login/", b"x", FORM, CONTENT_LENGTH=str(LARGEST + 1)).status_code == 413


@pytest.mark.parametrize("length", ["-5", "1e3", "abc", "9" * 40, "１２", "0x10", " "])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    refused(Client().generic("POST", "/login/", b"x", FORM, CONTENT_LENGTH=length), 413)


def test_a_body_in_chunks_is_refused_unread(client: Client) -> None:
    chunks = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input": Unread()}
    refused(client.generic("POST", "/login/", b"x", FORM, **chunks), 413)


def test_a_body_at_the_limit_is_read() -> None:
    start = b"username=otto&next="
    answer = Client().generic("POST", "/login/", start + b"x" * (LARGEST - len(start)), FORM)
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_file_is_refused_at_every_address(path: str, client: Client) -> None:
    for size in (1, 900_000):
        file = SimpleUploadedFile("statement.pdf", b"x" * size)
        refused(client.post(path, {"username": "otto", "file": file}), 415)


def test_a_file_never_touches_the_disk(settings: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = "/nowhere"
    file = SimpleUploadedFile("statement.pdf", b"x" * (LARGEST - 1000))
    refused(Client().post("/login/", {"file": file}), 415)


def test_a_form_without_a_file_may_come_in_parts() -> None:
    assert Client().post("/login/", {"username": "otto", "password": ""}).status_code == 422


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary="])
def test_parts_that_cannot_be_told_apart_are_refused(kind: str) -> None:
    refused(Client().generic("POST", "/login/", b"x", kind), 400)


def test_a_body_that_ends_early_is_refused() -> None:
    class Torn:
        def read(self, *_: object) -> bytes:
            raise OSError("connection reset")

        readline = read

    for kind in (FORM, "multipart/form-data; boundary=b"):
        torn = {"CONTENT_LENGTH": "100", "wsgi.input": Torn()}
        refused(Client().generic("POST", "/login/", b"x", kind, **torn), 400)

"""Bodies by length and in chunks: Go's client sends every POST in chunks, curl does with a header."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from sandbox.wire.bodies import LARGEST_BODY, LONGEST_LINE
from tests.sandbox_process import SandboxProcess

FORM = "Content-Type: application/x-www-form-urlencoded\r\nAuthorization: Bearer sk_test_x\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
BODY = b"url=https://a.example/h&enabled_events[]=*"


@pytest.fixture
def line(box: SandboxProcess) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", box.port, timeout=20)) as connection:
        connection.connect()
        yield connection


def ask(line: http.client.HTTPConnection, headers: str, sent: bytes) -> tuple[int, Any]:
    """One POST on the open connection, byte by byte as given."""
    line.sock.sendall(f"POST /v1/webhook_endpoints HTTP/1.1\r\nHost: localhost\r\n{FORM}{headers}\r\n".encode() + sent)
    answer = http.client.HTTPResponse(line.sock)
    answer.begin()
    return answer.status, json.loads(answer.read())


def in_chunks(body: bytes, size: int, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    sent = b"".join(b"%X%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)
    return sent + b"0" + extension + b"\r\n" + trailers + b"\r\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("extension", [b"", b";name=value", b' ; quoted="a"'])
@pytest.mark.parametrize("trailers", [b"", b"Checksum: 1\r\nOther: 2\r\n"])
def test_chunks_are_put_together_and_the_connection_goes_on(
    line: http.client.HTTPConnection, size: int, extension: bytes, trailers: bytes
) -> None:
    for _ in range(2):
        status, endpoint = ask(line, CHUNKED, in_chunks(BODY, size, extension, trailers))
        assert (status, endpoint.get("url")) == (200, "https://a.example/h"), endpoint
    status, endpoint = ask(line, f"Content-Length: {len(BODY)}\r\n", BODY)
    assert (status, endpoint["enabled_events"]) == (200, ["*"])


def test_a_body_of_no_chunks_is_empty(line: http.client.HTTPConnection) -> None:
    status, answer = ask(line, "transfer-encoding: Chunked\r\n", b"0\r\n\r\n")
    assert (status, answer["error"]["code"]) == (400, "parameter_missing")


BAD: dict[str, tuple[str, bytes]] = {
    "a size that is no number": (CHUNKED, b"five\r\nhello\r\n0\r\n\r\n"),
    "a negative size": (CHUNKED, b"-5\r\nhello\r\n0\r\n\r\n"),
    "a size with a prefix": (CHUNKED, b"0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk longer than its size": (CHUNKED, b"3\r\nhello\r\n0\r\n\r\n"),
    "lines that end without CR": (CHUNKED, b"5\nhello\n0\n\n"),
    "an endless size line": (CHUNKED, b"5;" + b"a" * LONGEST_LINE + b"\r\nhello\r\n0\r\n\r\n"),
    "endless trailers": (CHUNKED, b"0\r\n" + b"A: b\r\n" * 1000 + b"\r\n"),
    "a length and chunks": (CHUNKED + "Content-Length: 5\r\n", in_chunks(BODY, 7)),
    "chunks twice": (CHUNKED + CHUNKED, in_chunks(BODY, 7)),
    "two lengths": ("Content-Length: 5\r\nContent-Length: 6\r\n", b"a=b&c="),
    "another coding": ("Transfer-Encoding: gzip, chunked\r\n", in_chunks(BODY, 7)),
}


@pytest.mark.parametrize("case", BAD)
def test_chunks_that_are_none_are_refused_and_end_the_connection(line: http.client.HTTPConnection, case: str) -> None:
    headers, sent = BAD[case]
    status, answer = ask(line, headers, sent)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert line.sock.recv(1) == b""


def test_what_is_too_large_is_refused_while_it_comes(line: http.client.HTTPConnection) -> None:
    too_much = b"%x\r\n%s\r\n" % (LARGEST_BODY, b"a" * LARGEST_BODY) + b"1\r\n"  # and nothing more, ever
    status, answer = ask(line, CHUNKED, too_much)
    assert (status, answer["error"]["message"]) == (413, "The request is too large.")


@pytest.mark.parametrize("chunked", [True, False])
def test_a_client_that_sends_it_all_first_reads_why_it_is_refused(
    line: http.client.HTTPConnection, chunked: bool
) -> None:
    body = b"a" * (LARGEST_BODY + 1_000_000)
    headers = CHUNKED if chunked else f"Content-Length: {len(body)}\r\n"
    assert ask(line, headers, in_chunks(body, 1_000_000) if chunked else body)[0] == 413

"""Nothing that can be sent brings forth a traceback, a 5xx or a cut connection."""

import http.client
import json
import random
import socket
import string

import pytest

from sandbox.wire.description import Description
from tests.sandbox.conftest import make_account
from tests.sandbox_process import SandboxProcess

NASTY = [
    "",
    "0",
    "-1",
    "true",
    "null",
    "é",
    "💳",
    "%00",
    "\x00",
    "9" * 30,
    "a" * 5000,
    "[]",
    "{}",
    "acct_1",
    "../..",
    "' OR 1=1",
]
HEADERS = ["Stripe-Account", "Stripe-Version", "Idempotency-Key", "Content-Type", "Expect-Nothing", "Cookie"]


class Fuzzer:
    def __init__(self, box: SandboxProcess, seed: int) -> None:
        self.random, self.box = random.Random(seed), box
        self.operations = [
            (method, path, list(operation.parameters.get("properties", {})))
            for pattern, operations in Description().paths
            for method, operation in operations.items()
            for path in [operation.template]
        ]
        self.ids = [make_account(box)["id"], "we_1", "person_1", "evt_1", "card_issuing"]

    def name(self, known: list[str]) -> str:
        word = self.random.choice(known) if known and self.random.random() < 0.8 else self.random.choice(NASTY)
        for _ in range(self.random.choice([0, 0, 1, 2, 3, 14])):
            word += f"[{self.random.choice(['', '0', '1', 'x', 'amount', *NASTY])}]"
        return word

    def value(self) -> str:
        return self.random.choice([*NASTY, *self.ids, "US", "company", "usd"])

    def path(self, template: str) -> str:
        while "{" in template:
            begin, end = template.index("{"), template.index("}")
            chosen = self.random.choice([*self.ids, "%2e%2e", "%00", "x" * 300, "%ff"])
            template = template[:begin] + chosen + template[end + 1 :]
        return template + self.random.choice(["", "", "", "/", "//", "?x", "?expand[]=a", "?limit=x", "?%ff=1", "#"])

    def body(self, known: list[str]) -> bytes:
        kind = self.random.random()
        if kind < 0.1:
            return self.random.randbytes(200)
        fields = [(self.name(known), self.value()) for _ in range(self.random.randint(0, 6))]
        text = "&".join(f"{name}={value}" for name, value in fields)
        return text.encode("utf-8", "surrogatepass")

    def headers(self) -> dict[str, str]:
        headers = {"Authorization": self.random.choice(["Bearer sk_test_x"] * 9 + ["Basic x", "Bearer é", ""])}
        for name in HEADERS:
            if self.random.random() < 0.15:
                value = self.random.choice(
                    [*self.ids, "multipart/form-data; boundary=x", "k" * 300, "application/json"]
                )
                headers[name] = value
        return headers

    def send(self) -> tuple[int, bytes]:
        method, template, known = self.random.choice(self.operations)
        if self.random.random() < 0.1:
            method = self.random.choice(["PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "GET", "POST"])
        connection = http.client.HTTPConnection("127.0.0.1", self.box.port, timeout=20)
        try:
            headers = {name: value.encode("utf-8").decode("latin-1") for name, value in self.headers().items()}
            connection.request(method, self.path(template), self.body(known), headers)
            answer = connection.getresponse()
            body = answer.read()
            if method == "HEAD":
                body = b'{"error": {"type": "head"}}'
            return answer.status, body
        finally:
            connection.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_random_requests_are_answered_in_stripes_form(box: SandboxProcess, seed: int) -> None:
    fuzzer = Fuzzer(box, seed)
    for _ in range(100):
        status, body = fuzzer.send()
        answer = json.loads(body)
        assert status < 500, answer
        assert b"Traceback" not in body
        if status >= 400:
            assert answer["error"]["type"]


RAW = [
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"nonsense nonsense nonsense nonsense\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /v1/events HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"GET /v1/events HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    b"POST /v1/accounts HTTP/1.1\r\nContent-Length: many\r\n\r\n",
    b"POST /v1/accounts HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/accounts HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/accounts HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n",
    b"BREW /v1/accounts HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: raw[:30].decode())
def test_broken_http_is_answered_with_an_error_envelope(box: SandboxProcess, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", box.port), timeout=10) as connection:
        connection.sendall(raw)
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    body = got.rpartition(b"\r\n\r\n")[2]
    assert json.loads(body)["error"]["type"] == "invalid_request_error"
    assert box.request("GET", "/")[0] == 200


def test_a_client_that_hangs_up_leaves_no_trace_in_the_next_answers(box: SandboxProcess) -> None:
    for raw in (b"", b"POST /v1/accounts HTTP/1.1\r\nContent-Length: 50\r\n\r\nhalf", b"GET /v1/events HTTP/1.1\r\nX"):
        with socket.create_connection(("127.0.0.1", box.port)) as connection:
            connection.sendall(raw)
    assert box.api("GET", "/v1/accounts")[1]["data"] == []


def test_every_ascii_name_of_a_parameter_is_survived(box: SandboxProcess) -> None:
    for sign in string.printable:
        body = f"{sign}=1&a{sign}b=2".encode()
        status, answer, _ = box.request("POST", "/v1/accounts", body, {"Authorization": "Bearer sk_test_x"})
        assert status in (200, 400), answer

"""The sandbox is called by the names of this machine alone, and no page of another site changes anything in it."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox.wire.hosts import HostNameError, plain_name
from tests.sandbox.conftest import make_account
from tests.sandbox.world.test_reset import begin_visit
from tests.sandbox_process import ROOT, SandboxProcess

KEY = "Authorization: Bearer sk_test_x"
READ = ("GET", "/v1/accounts")
PLACES = [
    READ,
    ("POST", "/v1/accounts"),
    ("POST", "/v1/files"),
    ("GET", "/v2/core/accounts"),
    ("GET", "/"),
    ("GET", "/setup/style.css"),
    ("GET", "/setup/s/acct_1/link"),
    ("POST", "/setup/c/visit"),
    ("GET", "/favicon.ico"),
    ("GET", "/_sandbox/clock"),
    ("GET", "/_sandbox/traffic"),
    ("POST", "/_sandbox/reset"),
    ("GET", "/nowhere"),
    ("DELETE", "/v1/accounts/acct_1"),
    ("HEAD", "/"),
    ("OPTIONS", "/v1/accounts"),
    ("PUT", "/v1/accounts"),
]
# {port} is the port that the sandbox listens on.
OURS = [
    "127.0.0.1",
    "127.0.0.1:{port}",
    "localhost",
    "localhost:{port}",
    "LOCALHOST:{port}",
    "LocalHost.",
    "localhost.:{port}",
    "[::1]",
    "[::1]:{port}",
    "localhost:1",
    "localhost:",
]
FOREIGN = [
    "evil.example",
    "evil.example:{port}",
    "EVIL.EXAMPLE.",
    "localhost.evil.example:{port}",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io:{port}",
    "evil-localhost",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost evil.example",
    "localhost,evil.example",
    "localhost/evil.example",
    "localhost#",
    "localhost..",
    "localhost:80:80",
    "localhost:80x",
    "2130706433",
    "0x7f.1",
    "0x7f000001:{port}",
    "127.1:{port}",
    "0177.0.0.1",
    "127.0.0.1%2eevil.example",
    "0.0.0.0:{port}",
    "[::]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "::1",
    "[::1",
    "[",
    ":{port}",
    "192.168.1.5",
    "169.254.169.254",
    "\u0131ocalhost",
]


@pytest.fixture(scope="module")
def sent_to(sandbox_process: SandboxProcess) -> SandboxProcess:
    """A sandbox whose world does not matter: what is sent to it is refused."""
    return sandbox_process


def ask(box: SandboxProcess, line: str, *headers: str, body: bytes = b"") -> tuple[int, Any]:
    """(status, JSON or text) of a request sent byte by byte as given; {port} is the sandbox's own."""
    lines = [line, *headers, KEY, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    with closing(socket.create_connection(("127.0.0.1", box.port), timeout=10)) as connection:
        connection.sendall("\r\n".join(lines).replace("{port}", str(box.port)).encode() + body)
        answer = http.client.HTTPResponse(connection, method=line.split()[0])
        answer.begin()
        text = answer.read()
    kind = answer.headers["Content-Type"]
    return answer.status, json.loads(text) if text and kind == "application/json" else text


@pytest.mark.parametrize("host", OURS)
def test_this_machines_names_are_answered_to(sent_to: SandboxProcess, host: str) -> None:
    for method, path in (READ, ("GET", "/"), ("GET", "/_sandbox/clock"), ("GET", "/setup/style.css")):
        assert ask(sent_to, f"{method} {path} HTTP/1.1", f"Host: {host}")[0] == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_another_name_is_refused_everywhere(sent_to: SandboxProcess, host: str) -> None:
    for method, path in PLACES:
        status, answer = ask(sent_to, f"{method} {path} HTTP/1.1", f"Host: {host}")
        assert status == 403, path
        if method != "HEAD":
            assert answer["error"]["type"] == "invalid_request_error"
            assert "SANDBOX_ALLOWED_HOSTS" in answer["error"]["message"]


def test_a_foreign_name_makes_and_moves_nothing(box: SandboxProcess) -> None:
    account, now = make_account(box)["id"], box.control("clock")["now"]
    for path, body in (("/v1/accounts", b"country=US"), ("/_sandbox/clock", b'{"advance": "9d"}')):
        assert ask(box, f"POST {path} HTTP/1.1", "Host: evil.example:{port}", body=body)[0] == 403
    assert ask(box, "POST /_sandbox/reset HTTP/1.1", "Host: evil.example:{port}")[0] == 403
    assert ask(box, f"DELETE /v1/accounts/{account} HTTP/1.1", "Host: evil.example")[0] == 403
    assert [each["id"] for each in box.api("GET", "/v1/accounts")[1]["data"]] == [account]
    assert box.control("clock")["now"] - now < 60


def test_a_request_without_a_host_is_no_browsers(sent_to: SandboxProcess) -> None:
    assert ask(sent_to, "GET /v1/accounts HTTP/1.0")[0] == 200
    status, answer = ask(sent_to, "GET /v1/accounts HTTP/1.1")
    assert (status, answer["error"]["message"]) == (400, "Invalid request: send one Host header.")
    assert ask(sent_to, "GET /v1/accounts HTTP/1.1", "Host:")[0] == 403
    assert ask(sent_to, "GET /v1/accounts HTTP/1.0", "Host: evil.example")[0] == 403


@pytest.mark.parametrize("hosts", [("localhost", "evil.example"), ("evil.example", "localhost"), ("localhost",) * 2])
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_two_hosts_are_refused(sent_to: SandboxProcess, hosts: tuple[str, ...], version: str) -> None:
    for method, path in PLACES:
        assert ask(sent_to, f"{method} {path} {version}", *(f"Host: {host}" for host in hosts))[0] == 400


def test_a_folded_host_is_refused(sent_to: SandboxProcess) -> None:
    assert ask(sent_to, "GET /v1/accounts HTTP/1.1", "Host: localhost\r\n evil.example")[0] == 403


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://localhost:{port}/v1/accounts", "localhost", 200),
        ("HTTP://127.0.0.1/v1/accounts?limit=1", "localhost:{port}", 200),
        ("http://localhost", "localhost", 200),
        ("http://localhost?x=1", "localhost", 200),
        ("http://evil.example/v1/accounts", "localhost", 403),
        ("https://evil.example:{port}/_sandbox/clock", "127.0.0.1", 403),
        ("http://evil.example", "localhost", 403),
        ("http://localhost@evil.example/v1/accounts", "localhost", 403),
        ("http:///v1/accounts", "localhost", 403),
        ("http://localhost/v1/accounts", "evil.example", 403),
        ("ftp://localhost/v1/accounts", "localhost", 404),
        ("//evil.example/v1/accounts", "localhost", 404),
    ],
)
def test_a_target_that_names_a_host_counts_as_one(sent_to: SandboxProcess, target: str, host: str, status: int) -> None:
    assert ask(sent_to, f"GET {target} HTTP/1.1", f"Host: {host}")[0] == status


# Pages of other sites

FOREIGN_PAGES = [
    "Origin: https://evil.example",
    "Origin: null",
    "Origin: http://localhost:1",
    "Origin: http://127.0.0.1",
    "Origin: http://[::1]:{port}",
    "Origin: http://localhost:{port}.evil.example",
    "Origin: http://localhost:{port}/",
    "Referer: https://evil.example/page",
    "Referer: http://127.0.0.1:1/localhost:{port}/",
    "Referer: http://localhost:{port}@evil.example/",
    "Referer: about:blank",
    "Referer: http://[evil",
    "Origin: http://localhost:{port}\r\nOrigin: https://evil.example",
    "Origin: https://evil.example\r\nOrigin: http://localhost:{port}",
    "Origin: https://evil.example\r\nReferer: http://localhost:{port}/",
]
CHANGES = [(method, path) for method, path in PLACES if method not in ("GET", "HEAD", "OPTIONS")]


@pytest.mark.parametrize("header", FOREIGN_PAGES)
def test_a_page_of_another_origin_changes_nothing(sent_to: SandboxProcess, header: str) -> None:
    for method, path in CHANGES:
        status, answer = ask(sent_to, f"{method} {path} HTTP/1.1", "Host: localhost:{port}", header)
        assert (status, answer["error"]["type"]) == (403, "invalid_request_error"), path


def test_a_page_of_another_origin_moves_no_clock(box: SandboxProcess) -> None:
    account, now = make_account(box)["id"], box.control("clock")["now"]
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        given = ("Host: localhost:{port}", f"Origin: {origin}")
        assert ask(box, "POST /_sandbox/clock HTTP/1.1", *given, body=b'{"advance": "29d"}')[0] == 403
        assert ask(box, "POST /_sandbox/reset HTTP/1.1", *given)[0] == 403
    assert [each["id"] for each in box.api("GET", "/v1/accounts")[1]["data"]] == [account]
    assert box.control("clock")["now"] - now < 86400


def test_the_controls_are_closed_to_pages_of_other_origins_altogether(sent_to: SandboxProcess) -> None:
    status, _ = ask(sent_to, "GET /_sandbox/traffic HTTP/1.1", "Host: localhost", "Origin: https://evil.example")
    assert status == 403


@pytest.mark.parametrize(
    "header",
    [
        "Origin: http://localhost:{port}",
        "Origin: HTTP://LOCALHOST:{port}",
        "Referer: http://localhost:{port}/setup/c/1",
        "Origin:",
        "X-Nothing: 1",
    ],
)
def test_its_own_pages_and_clients_that_are_no_browsers_change_it(box: SandboxProcess, header: str) -> None:
    assert ask(box, "POST /_sandbox/clock HTTP/1.1", "Host: localhost:{port}", header, body=b'{"advance": 1}')[0] == 200
    assert ask(box, "POST /v1/accounts HTTP/1.1", "Host: localhost:{port}", header)[0] == 200


def test_a_link_on_another_site_leads_to_the_hosted_form(box: SandboxProcess) -> None:
    path = begin_visit(box, make_account(box)["id"])
    for header in ("Referer: http://127.0.0.1:8000/", "Origin: null"):
        assert ask(box, f"GET {path} HTTP/1.1", "Host: localhost:{port}", header)[0] == 200
    assert ask(box, f"POST {path} HTTP/1.1", "Host: localhost:{port}", "Origin: null")[0] == 403
    assert ask(box, f"POST {path} HTTP/1.1", "Host: localhost:{port}", "Origin: http://localhost:{port}")[0] == 200


# Names that were set


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A sandbox that has names of its own."""
    store = tmp_path_factory.mktemp("named") / "s.sqlite3"
    given = {"SANDBOX_ALLOWED_HOSTS": "Stripe.Internal, 192.168.1.5,fd00::1, ,stripe-mock."}
    with SandboxProcess(store=store, env=given) as box:
        yield box


def test_names_that_were_set_are_answered_to(named: SandboxProcess) -> None:
    for host in ("stripe.internal", "STRIPE.internal.:{port}", "192.168.1.5:80", "[fd00::1]:80", "stripe-mock"):
        assert ask(named, "GET /v1/accounts HTTP/1.1", f"Host: {host}")[0] == 200
        changed = ask(named, "POST /_sandbox/clock HTTP/1.1", f"Host: {host}", f"Origin: http://{host}", body=b"{}")
        assert changed[0] == 400, "let in, and told that the clock was not moved"
    for host in ("internal", "x.stripe.internal", "192.168.1.50", "evil.example"):
        assert ask(named, "GET /v1/accounts HTTP/1.1", f"Host: {host}")[0] == 403
    assert ask(named, "GET /v1/accounts HTTP/1.1", "Host: localhost")[0] == 200


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("name", ["*", "http://stripe.internal", "stripe.internal:80", ".internal", "a b", "[x]"])
def test_a_name_that_is_none_is_told_in_one_line(name: str) -> None:
    with pytest.raises(HostNameError, match="is no name of a host"):
        plain_name(name)


def test_the_start_is_refused_with_a_name_that_is_none() -> None:
    told = run("--allowed-hosts", "localhost,http://stripe.internal")
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert told.stderr.startswith("'http://stripe.internal' is no name of a host")


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.2", "127.0.0.2")])
def test_the_address_that_it_listens_on_is_a_name_of_its_own_and_all_of_them_are_none(
    tmp_path: Path, host: str, shown: str
) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--host", host, "--store", str(tmp_path / "s.sqlite3")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        port = int(url.rstrip("/").rsplit(":", 1)[1])
        statuses = [status_of(shown, port, name) for name in (shown, host, "evil.example")]
        process.terminate()
        assert process.wait(10) == 0
    assert url.startswith(f"http://{shown}:")
    assert statuses == [200, 200 if host == shown else 403, 403]


def status_of(address: str, port: int, host: str) -> int:
    with closing(http.client.HTTPConnection(address, port, timeout=10)) as connection:
        connection.request("GET", "/", headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status

"""The client, against the sandbox and against answers that are none of Stripe's."""

import logging
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from gateway import client
from gateway.client import InsideTransaction, NoAccount
from gateway.errors import Refused, Unreachable
from tests.gateway.scripted import ACCOUNT, Answer, Scripted, good
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
NEW_ACCOUNT = {
    "country": "US",
    "controller": {
        "stripe_dashboard": {"type": "none"},
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "requirement_collection": "application",
    },
    "capabilities": {"card_issuing": {"requested": True}, "transfers": {"requested": True}},
}


@pytest.fixture
def scripted(settings: Any) -> Iterator[Callable[..., Scripted]]:
    """Starts scripted servers that the gateway takes for Stripe."""
    running: list[Scripted] = []

    def start(answer: Any) -> Scripted:
        server = Scripted(answer).__enter__()
        running.append(server)
        settings.STRIPE_API_BASE = server.url
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


def create(key: str = "key-1", **params: Any) -> client.Answer:
    return client.post("/v1/accounts", {**NEW_ACCOUNT, **params}, account=None, key=key)


def faulty(sandbox: SandboxProcess, fault: str, **more: Any) -> Unreachable:
    sandbox.control("faults", [{"match": "POST /v1/accounts", "times": 1, "fault": fault, **more}])
    with pytest.raises(Unreachable) as caught:
        create()
    return caught.value


def number_of_accounts() -> int:
    return len(client.get("/v1/accounts", {"limit": 100}, account=None).data["data"])


# What goes out


def test_write_is_answered_with_plain_data_and_told_when_it_left(sandbox: SandboxProcess) -> None:
    before = int(time.time())
    answer = create(metadata={"a": "b"})
    assert type(answer.data) is dict
    assert type(answer.data["metadata"]) is dict
    assert answer.data["object"] == "account"
    assert before <= answer.sent_at <= int(time.time())
    assert answer.request_id.startswith("req_")
    assert not answer.replayed


def test_same_key_again_is_answered_from_stripes_memory(sandbox: SandboxProcess) -> None:
    first, second = create(), create()
    assert second.replayed
    assert second.data["id"] == first.data["id"]
    assert number_of_accounts() == 1


def test_account_travels_in_its_header_and_nowhere_else(scripted: Callable[..., Scripted]) -> None:
    server = scripted(good())
    client.post("/v1/issuing/cards/ic_1", {"status": "active"}, account="acct_9", key="k")
    client.get("/v1/balance", account=None)
    (_, path, headers, body), (_, _, later, _) = server.requests
    assert headers["Stripe-Account"] == "acct_9"
    assert "acct_9" not in path + body.decode()
    assert "Stripe-Account" not in later


def test_request_is_pinned_to_version_and_carries_no_telemetry(
    scripted: Callable[..., Scripted], settings: Any
) -> None:
    server = scripted(good())
    for _ in range(2):
        client.get("/v1/balance", account=None)
    headers = server.requests[-1][2]
    assert headers["Stripe-Version"] == settings.STRIPE_API_VERSION
    assert headers["Authorization"] == f"Bearer {settings.STRIPE_SECRET_KEY}"
    assert "X-Stripe-Client-Telemetry" not in headers
    assert "telemetry_id" not in headers["X-Stripe-Client-User-Agent"]
    assert "platform" not in headers["X-Stripe-Client-User-Agent"]


def test_parameters_are_written_as_stripe_reads_them(scripted: Callable[..., Scripted]) -> None:
    server = scripted(good())
    params = {"email": None, "flags": [True, False], "company": {"verified": True, "headers": 1}, "base": "x"}
    client.post("/v1/accounts/acct_1", params, account=None, key="k")
    sent = server.requests[0][3].decode().split("&")
    assert sent == [
        "email=",
        "flags[0]=true",
        "flags[1]=false",
        "company[verified]=true",
        "company[headers]=1",
        "base=x",
    ]


def test_date_as_parameter_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="unix seconds"):
        client.get("/v1/events", {"created": {"gte": datetime(2026, 1, 1, tzinfo=UTC)}}, account=None)


def test_thread_keeps_its_connection(scripted: Callable[..., Scripted]) -> None:
    server = scripted(good())
    for _ in range(5):
        client.get("/v1/balance", account=None)
    assert len(server.peers) == 1


def test_forked_process_opens_a_connection_of_its_own(scripted: Callable[..., Scripted], settings: Any) -> None:
    server = scripted(good())
    client.get("/v1/balance", account=None)
    child = multiprocessing.get_context("fork").Process(target=call_without_database)
    child.start()
    child.join(20)
    assert child.exitcode == 0
    assert len(server.peers) == 2


def call_without_database() -> None:
    from gateway import connection

    made = connection.connection(5.0)
    made._requestor.request_raw("get", "/v1/balance", {}, {}, base_address="api", api_mode="V1")
    os._exit(0)


def test_redirect_is_not_followed(scripted: Callable[..., Scripted]) -> None:
    server = scripted(good(b"", status=307, Location="/v1/elsewhere"))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.status == 307
    assert len(server.requests) == 1


# What never goes out


@pytest.mark.parametrize("path", ["/v1/issuing/cards", "/v1/topups", "/v1/issuing/cards/ic_1"])
def test_write_without_an_account_never_reaches_the_network(scripted: Callable[..., Scripted], path: str) -> None:
    server = scripted(good())
    with pytest.raises(NoAccount):
        client.post(path, {}, account=None, key="k")
    with pytest.raises(NoAccount):
        client.delete(path, account=None, key="k")
    assert server.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/v1",
        "/v1/",
        "v1/accounts",
        "//evil.example/v1/x",
        "/v1/../x",
        "/v1/accounts/a b",
        "/v1/accounts/?x",
        "/v1/ä",
    ],
)
def test_path_that_is_none_of_stripes_never_reaches_the_network(scripted: Callable[..., Scripted], path: str) -> None:
    server = scripted(good())
    with pytest.raises(ValueError, match="not a path"):
        client.get(path, account=None)
    assert server.requests == []


def test_write_without_a_key_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        client.post("/v1/accounts", {}, account=None, key="")


def test_no_call_is_made_inside_a_transaction(scripted: Callable[..., Scripted]) -> None:
    server = scripted(good())
    with transaction.atomic(), pytest.raises(InsideTransaction):
        client.post("/v1/accounts", {}, account=None, key="k")
    with transaction.atomic(), pytest.raises(InsideTransaction):
        client.get("/v1/balance", account=None)
    assert server.requests == []


# Refused: Stripe said no


def test_refusal_has_stripes_words(sandbox: SandboxProcess) -> None:
    with pytest.raises(Refused) as caught:
        client.post("/v1/accounts", {"country": "US", "tpye": "custom"}, account=None, key="k")
    refused = caught.value
    assert (refused.status, refused.type, refused.code) == (400, "invalid_request_error", "parameter_unknown")
    assert refused.param == "tpye"
    assert refused.message == str(refused)
    assert "tpye" in refused.message
    assert refused.request_id.startswith("req_")


def test_missing_object_is_refused(sandbox: SandboxProcess) -> None:
    with pytest.raises(Refused) as caught:
        client.get("/v1/webhook_endpoints/we_none", account=None)
    assert (caught.value.status, caught.value.code) == (404, "resource_missing")


def test_key_used_for_another_request_is_refused(sandbox: SandboxProcess) -> None:
    create()
    with pytest.raises(Refused) as caught:
        create(email="other@example.com")
    assert (caught.value.status, caught.value.type) == (400, "idempotency_error")


def test_wrong_key_is_refused(sandbox: SandboxProcess, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_live_none"
    with pytest.raises(Refused) as caught:
        client.get("/v1/account", account=None)
    assert caught.value.status == 401


def test_card_error_tells_its_decline_codes(scripted: Callable[..., Scripted]) -> None:
    body = b'{"error": {"type": "card_error", "code": "card_declined", "decline_code": "lost_card", "param": null}}'
    scripted(good(body, status=402))
    with pytest.raises(Refused) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.decline == {"decline_code": "lost_card"}
    assert caught.value.param == ""
    assert caught.value.message == "Stripe refused the request (402)."


# Unreachable: nobody knows, or later


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("409", 409), ("500", 500), ("503", 503)])
def test_trouble_of_stripes_is_not_final(sandbox: SandboxProcess, fault: str, status: int) -> None:
    error = faulty(sandbox, fault)
    assert (error.status, error.sent, error.replayed) == (status, True, False)
    assert error.request_id.startswith("req_")
    assert str(status) in str(error)
    assert not create().replayed
    assert number_of_accounts() == 1


@pytest.mark.parametrize("fault", ["500_after", "reset_after"])
def test_act_whose_answer_was_lost_is_found_with_the_same_key(sandbox: SandboxProcess, fault: str) -> None:
    assert faulty(sandbox, fault).sent
    assert create().replayed
    assert number_of_accounts() == 1


def test_stored_error_says_that_the_key_is_used_up(sandbox: SandboxProcess) -> None:
    assert not faulty(sandbox, "500_replayed").replayed
    with pytest.raises(Unreachable) as caught:
        create()
    assert caught.value.replayed


def test_reset_before_the_act_may_have_reached_stripe(sandbox: SandboxProcess) -> None:
    error = faulty(sandbox, "reset_before")
    assert (error.status, error.sent, error.request_id) == (0, True, "")
    assert not create().replayed


def test_slow_stripe_is_given_up_in_time(sandbox: SandboxProcess, settings: Any) -> None:
    settings.STRIPE_TIMEOUT = 0.01  # never less than the second that is left to the call itself
    started = time.monotonic()
    error = faulty(sandbox, "slow:3")
    assert time.monotonic() - started < 2.5
    assert (error.status, error.sent, str(error)) == (0, True, "Stripe did not answer in time.")


def test_closed_port_is_certain_to_have_got_nothing(settings: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.STRIPE_API_BASE = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unreachable) as caught:
            client.get("/v1/balance", account=None)
    assert not caught.value.sent
    assert "/v1/" not in str(caught.value)


@pytest.mark.parametrize("base", ["http://", "ftp://127.0.0.1", "http://[", "nonsense"])
def test_address_that_is_none_is_certain_to_have_got_nothing(settings: Any, base: str) -> None:
    settings.STRIPE_API_BASE = base
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert not caught.value.sent


def test_error_chain_shows_no_parameters(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    params = {"email": "".join(["ana", "@", "example.com"])}  # the source line itself stands in the traceback
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/accounts", params, account=None)
    logging.getLogger("gateway").exception("it failed", exc_info=caught.value)
    assert "example.com" not in caplog.text


@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("0.5", 0.5), ("soon", None), ("", None), ("-3", None)])
def test_retry_after_in_seconds(scripted: Callable[..., Scripted], value: str, seconds: float | None) -> None:
    scripted(good(b"{}", status=429, Retry_After=value))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(("ahead", "seconds"), [(30, 30.0), (-30, 0.0)])
def test_retry_after_as_a_date_counts_from_the_answers_own(
    scripted: Callable[..., Scripted], ahead: int, seconds: float
) -> None:
    base = 2_000_000_000
    headers = {"Date": formatdate(base, usegmt=True), "Retry_After": formatdate(base + ahead, usegmt=True)}
    scripted(good(b"{}", status=503, **headers))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.retry_after == seconds


def test_retry_after_as_a_date_counts_from_now_where_the_answer_has_none(scripted: Callable[..., Scripted]) -> None:
    scripted((503, {"Retry-After": formatdate(time.time() + 100, usegmt=True)}, b""))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.retry_after is not None
    assert 95 <= caught.value.retry_after <= 100


GARBAGE = [
    b"",
    b"<html>502 Bad Gateway</html>",
    b"[1, 2]",
    b"3",
    b"null",
    b'"text"',
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"error": "invalid_client"}',
    b'{"error": [1]}',
    b'{"no": "object"}',
    b'{"object": 1}',
]


@pytest.mark.parametrize("status", [200, 302, 400, 404, 500])
@pytest.mark.parametrize("body", GARBAGE, ids=lambda body: repr(body[:12]))
def test_garbage_is_never_an_answer(scripted: Callable[..., Scripted], status: int, body: bytes) -> None:
    scripted((status, {}, body))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.status == status
    assert caught.value.sent


def test_half_an_answer_is_unreachable(scripted: Callable[..., Scripted], settings: Any) -> None:
    settings.STRIPE_TIMEOUT = 1.0
    scripted((200, {"Content-Length": "5000", "Connection": "close"}, ACCOUNT))
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert caught.value.sent


def test_time_of_sending_stays_within_what_the_answer_proves(scripted: Callable[..., Scripted]) -> None:
    scripted(good(Date=formatdate(2_000_000_000, usegmt=True)))
    assert client.get("/v1/balance", account=None).sent_at == 2_000_000_000
    scripted((200, {"Request-Id": "req_1"}, ACCOUNT))
    assert abs(client.get("/v1/balance", account=None).sent_at - 2_000_000_000) <= 2
    scripted(good(Date=formatdate(1_000_000_000, usegmt=True)))
    assert client.get("/v1/balance", account=None).sent_at == 1_000_000_000


# Lists


def test_pages_walk_a_list_to_its_end_and_resume(scripted: Callable[..., Scripted]) -> None:
    def answer(method: str, path: str) -> Answer:
        last = "starting_after=b" in path
        page = b'{"object": "list", "data": [{"id": "c"}], "has_more": false}'
        first = b'{"object": "list", "data": [{"id": "a"}, {"id": "b"}], "has_more": true}'
        return good(page if last else first)

    server = scripted(answer)
    found = [
        each["id"] for page in client.pages("/v1/events", {"type": "x"}, account=None) for each in page.data["data"]
    ]
    assert found == ["a", "b", "c"]
    assert server.requests[0][1] == "/v1/events?type=x&limit=100"
    resumed = list(client.pages("/v1/events", account="acct_1", after="b"))
    assert [page.data["data"][0]["id"] for page in resumed] == ["c"]


def test_pages_of_an_empty_list_end_at_once(sandbox: SandboxProcess) -> None:
    assert [page.data["data"] for page in client.pages("/v1/webhook_endpoints", account=None)] == [[]]


@pytest.mark.parametrize("data", [b"null", b"{}", b"[1]", b'[{"no": "id"}]', b'[{"id": 7}]'])
def test_list_that_is_none_is_unreachable(scripted: Callable[..., Scripted], data: bytes) -> None:
    scripted(good(b'{"object": "list", "has_more": true, "data": ' + data + b"}"))
    with pytest.raises(Unreachable):
        list(client.pages("/v1/events", account=None))


def test_list_that_does_not_move_on_is_unreachable(scripted: Callable[..., Scripted]) -> None:
    server = scripted(good(b'{"object": "list", "has_more": true, "data": [{"id": "a"}]}'))
    with pytest.raises(Unreachable):
        list(client.pages("/v1/events", account=None))
    assert len(server.requests) == 2


# Places


@pytest.mark.django_db(transaction=True)
def test_at_most_half_of_the_threads_wait_for_stripe(scripted: Callable[..., Scripted], settings: Any) -> None:
    settings.THREADS = 4
    inside, release = threading.Semaphore(0), threading.Event()

    def answer(method: str, path: str) -> Answer:
        inside.release()
        release.wait(20)
        return good()

    scripted(answer)
    threads = [threading.Thread(target=call_and_close) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert inside.acquire(timeout=10)
    assert inside.acquire(timeout=10)
    started = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        client.get("/v1/balance", account=None)
    assert not caught.value.sent
    assert time.monotonic() - started < 5
    release.set()
    for thread in threads:
        thread.join(20)
    assert client.get("/v1/balance", account=None).data["id"] == "acct_1"


def call_and_close() -> None:
    from django.db import connection

    client.get("/v1/balance", account=None)
    connection.close()


# What the library would write


def test_library_writes_no_file_and_prints_nothing(sandbox: SandboxProcess, tmp_path: Path) -> None:
    program = (
        "import django; django.setup()\n"
        "from gateway import connection\n"
        "made = connection.connection(10.0)\n"
        "params = {'email': 'ana@example.com'}\n"
        "made._requestor.request_raw('get', '/v1/accounts', params, {}, base_address='api', api_mode='V1')\n"
    )
    unwanted = ("CLAUDECODE", "CLAUDE_CODE_CHILD_SESSION")
    env = {name: value for name, value in os.environ.items() if name not in unwanted} | {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "VAR_DIR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_LOG": "debug",
        "LOG_LEVEL": "DEBUG",
    }
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["var"]


def test_key_of_another_mode_changes_the_connection(scripted: Callable[..., Scripted], settings: Any) -> None:
    server = scripted(good())
    client.get("/v1/balance", account=None)
    settings.STRIPE_SECRET_KEY = "sk_test_other"
    client.get("/v1/balance", account=None)
    assert server.requests[1][2]["Authorization"] == "Bearer sk_test_other"

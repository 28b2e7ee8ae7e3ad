"""The client, against the sandbox and against answers that are none of Stripe's."""

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from gateway import client
from gateway.client import InsideTransaction, NoAccount
from gateway.errors import Refused, Unreachable
from tests.gateway.creating import create, number_of_accounts
from tests.gateway.scripted import Answer, Scripted, good
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
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


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (rb'"a\u0000b"', "a\ufffdb"),
        (rb'"\ud800"', "?"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),  # half a surrogate pair without an escape
    ],
)
def test_what_no_database_stores_is_replaced_in_answers(
    scripted: Callable[..., Scripted], sent: bytes, kept: str
) -> None:
    scripted(good(b'{"id": "a", "object": "account", "metadata": {"name": ' + sent + b"}}"))
    assert client.get("/v1/accounts/a", account=None).data["metadata"] == {"name": kept}


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
    needed = ("PATH", "DATABASE_URL", "CONSOLE_MODE", "STRIPE_SECRET_KEY", "ENV_FILE", "CACHE_URL")
    env = {name: os.environ[name] for name in needed} | {
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

"""What began before a reset never acts after it, however it was under way: it is answered 503 and leaves no trace."""

import http.client
import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sandbox.conftest import CONTROLLER, listen, make_account
from tests.sandbox_process import SandboxProcess
from tests.webhook_receiver import WebhookReceiver

Later = Callable[..., "Future[Any]"]
ENDED = (503, "api_error", "The sandbox was reset, or ended, while this request was under way.")


@pytest.fixture
def later() -> Iterator[Later]:
    """Calls something in a thread of its own: the answer is in the future."""
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit


def told(answer: tuple[int, Any, Any]) -> tuple[int, str, str]:
    """(status, type, message) of an error."""
    status, body, _ = answer
    return status, body["error"]["type"], body["error"]["message"]


def create(box: SandboxProcess, key: str | None = None, **extra: str) -> tuple[int, Any, Any]:
    return box.api("POST", "/v1/accounts", {**CONTROLLER, **extra}, key=key)


def slow(box: SandboxProcess, later: Later, fault: str, call: Callable[[], Any]) -> "Future[Any]":
    """The call, under way: it has taken the fault that slows it down."""
    box.control("faults", [{"match": "* /v1/accounts", "fault": fault}])
    answer = later(call)
    box.until(lambda: box.control("faults") == [])
    return answer


def accounts(box: SandboxProcess) -> list[Any]:
    found: list[Any] = box.api("GET", "/v1/accounts")[1]["data"]
    return found


# Slow requests


@pytest.mark.parametrize("key", [None, "k1"])
@pytest.mark.parametrize("fault", ["slow:1", "slow_after:1"])
def test_a_slow_request_makes_nothing_after_a_reset(
    box: SandboxProcess, later: Later, fault: str, key: str | None
) -> None:
    answer = slow(box, later, fault, lambda: create(box, key))
    if fault == "slow_after:1":
        box.until(lambda: accounts(box))
    box.reset()
    assert told(answer.result()) == ENDED
    assert accounts(box) == []
    assert box.api("GET", "/v1/events")[1]["data"] == []
    assert [record["method"] for record in box.traffic()] == ["GET", "GET"]


def test_a_slow_request_that_reads_is_told_too(box: SandboxProcess, later: Later) -> None:
    answer = slow(box, later, "slow:1", lambda: box.api("GET", "/v1/accounts"))
    box.reset()
    assert told(answer.result()) == ENDED


def test_a_reset_ends_the_wait_of_slow_requests(box: SandboxProcess, later: Later) -> None:
    answer = slow(box, later, "slow:25", lambda: create(box))
    box.reset()
    assert told(answer.result(10)) == ENDED


def test_a_reset_ends_the_wait_for_deliveries(box: SandboxProcess, later: Later) -> None:
    listen(box, "http://127.0.0.1:9/nobody")
    box.control("settings", {"delivery_retries": [0] * 10_000})
    make_account(box)
    answer = later(box.request, "GET", "/_sandbox/deliveries?wait=25")
    with pytest.raises(TimeoutError):
        answer.result(0.2)
    box.reset()
    status, body, _ = answer.result(10)
    assert (status, json.loads(body)["error"]["type"]) == (503, "api_error")


@pytest.mark.parametrize("fault", ["slow:1", "slow_after:1"])
def test_the_key_of_a_request_that_was_under_way_is_free(box: SandboxProcess, later: Later, fault: str) -> None:
    answer = slow(box, later, fault, lambda: create(box, "k1"))
    box.reset()
    status, account, headers = create(box, "k1", email="other@example.com")
    assert (status, headers["Idempotent-Replayed"]) == (200, None)
    assert told(answer.result()) == ENDED
    assert [each["id"] for each in accounts(box)] == [account["id"]]


def test_a_request_under_way_at_the_end_is_not_awaited(tmp_path: Path, later: Later) -> None:
    with SandboxProcess(store=tmp_path / "s.sqlite3") as box:
        answer = slow(box, later, "slow:25", lambda: create(box))
        assert box.process is not None
        began = time.monotonic()
        box.process.send_signal(signal.SIGTERM)
        assert box.process.wait(10) == 0
        assert time.monotonic() - began < 2
        error = answer.exception(10)
        assert isinstance(error, OSError | http.client.HTTPException) or told(answer.result()) == ENDED
        box.start()
        assert accounts(box) == []


# Requests of which only a part had come


class HalfSent:
    """A request whose head the sandbox has read (it said "100 Continue") and whose body is still to come."""

    def __init__(self, box: SandboxProcess, method: str, path: str, body: str, **headers: str) -> None:
        self.body = body.encode()
        sent = {"Host": "localhost", "Content-Length": str(len(self.body)), "Expect": "100-continue", **headers}
        self.connection = socket.create_connection(("127.0.0.1", box.port), timeout=10)
        head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        self.connection.sendall("\r\n".join([*head, "", ""]).encode())
        assert self.connection.recv(100).startswith(b"HTTP/1.1 100")

    def finish(self) -> tuple[int, Any, Any]:
        """Send the body: (status, JSON, headers)."""
        with closing(self.connection):
            self.connection.sendall(self.body)
            answer = http.client.HTTPResponse(self.connection)
            answer.begin()
            return answer.status, json.loads(answer.read()), answer.headers


API = {"Authorization": "Bearer sk_test_x", "Content-Type": "application/x-www-form-urlencoded"}
HALF = {
    "create": ("POST", "/v1/accounts", urlencode(CONTROLLER), {**API, "Idempotency-Key": "k1"}),
    "refused": ("POST", "/v1/accounts", "country=XX", API),
    "update": ("POST", "/v1/accounts/{account}", "email=a@example.com", API),
    "delete": ("DELETE", "/v1/accounts/{account}", "", API),
    "read": ("GET", "/v1/accounts", "limit=1", API),
    "on behalf": ("POST", "/v1/issuing/cardholders", "name=A", {**API, "Stripe-Account": "{account}"}),
    "hosted": ("POST", "{visit}", "do=prefill", {"Content-Type": API["Content-Type"]}),
    "advance": ("POST", "/_sandbox/clock", '{"advance": "29d"}', {}),
    "set": ("POST", "/_sandbox/clock", '{"set": 4000000000}', {}),
    "fault": ("POST", "/_sandbox/faults", '[{"match": "*", "fault": "500"}]', {}),
    "mode": ("POST", "/_sandbox/deliveries", '{"mode": "hold"}', {}),
    "settings": ("POST", "/_sandbox/settings", '{"rate_limit": 1}', {}),
    "require": ("POST", "/_sandbox/accounts/{account}", '{"do": "pass_deadline"}', {}),
    "reset": ("POST", "/_sandbox/reset", '{"now": 1000000000}', {}),
    "nowhere": ("POST", "/nowhere", "x", {}),
}


def state(box: SandboxProcess) -> dict[str, Any]:
    """All that a request could have changed; the clock in whole minutes off the wall's."""
    return {
        "accounts": accounts(box),
        "events": box.api("GET", "/v1/events")[1]["data"],
        "clock": round((box.control("clock")["now"] - time.time()) / 60),
        "faults": box.control("faults"),
        "settings": box.control("settings"),
        "mode": box.control("deliveries")["mode"],
    }


@pytest.mark.parametrize("name", HALF)
def test_what_came_in_half_before_a_reset_does_nothing_after_it(box: SandboxProcess, name: str) -> None:
    fresh = state(box)
    account = make_account(box)["id"]
    places = {"account": account, "visit": begin_visit(box, account)}
    method, path, body, headers = HALF[name]
    named = {each: value.format(**places) for each, value in headers.items()}
    half = HalfSent(box, method, path.format(**places), body or " ", **named)
    box.reset()
    answer = half.finish()
    assert told(answer) == ENDED
    assert state(box) == fresh


def begin_visit(box: SandboxProcess, account: str) -> str:
    """The path of a hosted form that is open."""
    urls = {"return_url": "http://localhost/done", "refresh_url": "http://localhost/again"}
    params = {"account": account, "type": "account_onboarding", **urls}
    url = box.api("POST", "/v1/account_links", params)[1]["url"]
    with closing(http.client.HTTPConnection("127.0.0.1", box.port, timeout=10)) as connection:
        connection.request("GET", url.removeprefix(box.url))
        return connection.getresponse().headers["Location"]


def test_what_came_in_half_takes_no_fault_and_no_call_of_the_new_world(box: SandboxProcess) -> None:
    half = HalfSent(box, "POST", "/v1/accounts", urlencode(CONTROLLER), **API)
    box.reset()
    box.control("settings", {"rate_limit": 1})
    box.control("faults", [{"match": "POST /v1/accounts", "fault": "503"}])
    assert told(half.finish()) == ENDED
    assert len(box.control("faults")) == 1
    assert box.api("GET", "/v1/accounts")[0] == 200


def test_the_connection_of_an_overtaken_request_serves_the_next(box: SandboxProcess) -> None:
    half = HalfSent(box, "GET", "/v1/accounts", "limit=1", **API)
    box.reset()
    half.connection.sendall(
        half.body + b"GET /_sandbox/faults HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    with closing(half.connection):
        answers = b"".join(iter(lambda: half.connection.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"503", b"200"]


# What Stripe does by itself


def test_what_was_to_happen_later_does_not(box: SandboxProcess) -> None:
    box.control("settings", {"cardholder_delay": 3600, "topup_delay": 3600, "verification_delay": 3600})
    make_account(box, business_type="company", **{"company[name]": "A", "company[tax_id]": "000000000"})
    box.reset()
    box.control("clock", {"advance": "29d"})
    assert box.api("GET", "/v1/events")[1]["data"] == []
    assert accounts(box) == []


def test_the_calls_of_before_count_no_more(box: SandboxProcess) -> None:
    box.control("settings", {"rate_limit": 1000})
    for _ in range(3):
        box.api("GET", "/v1/accounts")
    box.reset()
    box.control("settings", {"rate_limit": 1})
    assert box.api("GET", "/v1/accounts")[0] == 200


@pytest.mark.parametrize(("mode", "status"), [("normal", 500), ("duplicate", 200)])
def test_a_delivery_under_way_is_the_last(box: SandboxProcess, mode: str, status: int) -> None:
    box.control("settings", {"delivery_retries": [0, 0]})
    box.control("deliveries", {"mode": mode})
    with socket.create_server(("127.0.0.1", 0)) as endpoint:
        endpoint.settimeout(10)
        listen(box, f"http://127.0.0.1:{endpoint.getsockname()[1]}/")
        make_account(box)
        connection, _ = endpoint.accept()
        with connection:
            assert connection.recv(65536)
            box.reset()
            connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        endpoint.settimeout(0.4)
        with pytest.raises(TimeoutError):
            endpoint.accept()
    assert box.control("deliveries") == {"mode": "normal", "waiting": 0, "due": 0, "recent": []}
    assert box.traffic() == []


@pytest.mark.parametrize("answers", [[], [500] * 20])
def test_nothing_is_delivered_when_a_reset_has_answered(
    box: SandboxProcess, receiver: WebhookReceiver, later: Later, answers: list[int]
) -> None:
    receiver.answers.extend(answers)
    for _ in range(5):
        box.control("settings", {"delivery_retries": [0] * 5})
        listen(box, receiver.url)
        made = [later(create, box) for _ in range(4)]
        receiver.wait(len(receiver.events()) + 1)
        box.reset()
        before = len(receiver.events())
        assert {each.result()[0] for each in made} <= {200, 503}
        assert box.settled()["waiting"] == 0
        assert len(receiver.events()) == before

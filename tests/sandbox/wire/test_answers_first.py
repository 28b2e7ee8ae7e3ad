"""Whatever makes an event answers before the event goes out, and events go out in the order of the answers."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.wire.api import Answer
from sandbox.wire.server import Handler, Sandbox
from tests.sandbox.conftest import CONTROLLER

HOOKS = {"url": "http://127.0.0.1:9/hooks", "connect": "true", "enabled_events[0]": "account.updated"}  # nobody listens


class Watched:
    """A sandbox in this process that notes when it answers a POST and when it gives deliveries on."""

    def __init__(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = Sandbox(store, "127.0.0.1", 0)
        self.steps: list[str] = []
        self.second_answer = threading.Event()
        self.wait = 0.0  # seconds that deliveries are given on later, unless a second request is answered meanwhile
        send, release = Handler._send, self.sandbox.deliveries.release

        def noted_send(handler: Handler, answer: Answer) -> None:
            if handler.command == "POST":
                self.steps.append(f"answered {answer.status}")
            if self.steps.count("answered 200") == 2:
                self.second_answer.set()
            send(handler, answer)

        def noted_release(numbers: list[int]) -> None:
            if numbers:
                self.second_answer.wait(self.wait)
                self.steps.append("gave deliveries on")
            release(numbers)

        monkeypatch.setattr(Handler, "_send", noted_send)
        monkeypatch.setattr(self.sandbox.deliveries, "release", noted_release)
        monkeypatch.setattr("sandbox.wire.server.TICK", 3600)  # what falls due waits for a request

    def connect(self) -> HTTPConnection:
        """Requests of one connection are served one after the other, by one thread."""
        return HTTPConnection("127.0.0.1", self.sandbox.server.server_port, timeout=30)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    watched = Watched(tmp_path / "store.sqlite3", monkeypatch)
    watched.sandbox.start()
    with closing(watched.connect()) as connection:
        ask(connection, "POST", "/v1/webhook_endpoints", urlencode(HOOKS))
    watched.steps.clear()
    yield watched
    watched.sandbox.stop()


def ask(connection: HTTPConnection, method: str, path: str, body: str = "") -> Any:
    headers = {"Authorization": "Bearer sk_test_x", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, path, body, headers)
    return json.loads(connection.getresponse().read())


def test_requests_and_controls_answer_before_their_events_go_out(watched: Watched) -> None:
    with closing(watched.connect()) as connection:
        account = ask(connection, "POST", "/v1/accounts", urlencode(CONTROLLER))
        wish = {"do": "require", "keys": ["company.structure"], "deadline": "1d"}
        ask(connection, "POST", f"/_sandbox/accounts/{account['id']}", json.dumps(wish))
        ask(connection, "POST", "/_sandbox/clock", json.dumps({"advance": "2d"}))
        ask(connection, "GET", "/_sandbox/clock")
    assert watched.steps == ["answered 200", "gave deliveries on"] * 3


def test_events_go_out_in_the_order_of_the_answers(watched: Watched) -> None:
    watched.wait = 0.5

    def create(_: int) -> None:
        with closing(watched.connect()) as connection:
            ask(connection, "POST", "/v1/accounts", urlencode(CONTROLLER))
            ask(connection, "GET", "/_sandbox/clock")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(create, range(2)))
    assert watched.steps == ["answered 200", "gave deliveries on"] * 2

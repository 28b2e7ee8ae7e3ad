"""kill -9 and a new start on the same store: nothing that was answered is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import CONTROLLER, listen, make_account
from tests.sandbox_process import SandboxProcess
from tests.webhook_receiver import WebhookReceiver


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox of its own, to be killed."""
    with SandboxProcess(store=tmp_path / "store" / "sandbox.sqlite3") as process:
        yield process


def test_objects_clock_keys_and_platform_survive(mortal: SandboxProcess) -> None:
    mortal.control("settings", {"rate_limit": 100})
    now = mortal.control("clock", {"advance": "29d"})["now"]
    account = mortal.api("POST", "/v1/accounts", CONTROLLER, key="k1")[1]
    mortal.kill()
    mortal.start()
    assert mortal.api("GET", f"/v1/accounts/{account['id']}")[1]["id"] == account["id"]
    replay = mortal.api("POST", "/v1/accounts", CONTROLLER, key="k1")
    assert (replay[1], replay[2]["Idempotent-Replayed"]) == (account, "true")
    assert 0 <= mortal.control("clock")["now"] - now < 30
    assert mortal.control("settings")["rate_limit"] == 100
    ids = [event["id"] for event in mortal.api("GET", "/v1/events", account=account["id"])[1]["data"]]
    assert len(set(ids)) == len(ids) > 0


def test_the_platforms_id_is_made_once(mortal: SandboxProcess) -> None:
    front = mortal.request("GET", "/")[1]
    mortal.kill()
    mortal.start()
    again = mortal.request("GET", "/")[1]
    assert [line for line in front.splitlines() if b"acct_1" in line] == [
        line for line in again.splitlines() if b"acct_1" in line
    ]


def test_waiting_deliveries_go_on(mortal: SandboxProcess, receiver: WebhookReceiver) -> None:
    listen(mortal, receiver.url)
    mortal.control("deliveries", {"mode": "hold"})
    make_account(mortal)
    waiting = mortal.control("deliveries")["waiting"]
    mortal.kill()
    mortal.start()
    state = mortal.control("deliveries")
    assert (state["mode"], state["waiting"]) == ("hold", waiting)
    mortal.control("deliveries", {"mode": "normal"})
    receiver.wait(waiting)
    assert mortal.settled()["waiting"] == 0


def test_what_was_due_while_it_was_down_happens_at_the_start(mortal: SandboxProcess) -> None:
    mortal.control("settings", {"delivery_retries": [1, 1, 1, 1, 1, 1]})
    with WebhookReceiver() as receiver:
        endpoint = receiver.url
        port = receiver.server.server_port
    listen(mortal, endpoint)
    make_account(mortal)
    mortal.kill()
    with WebhookReceiver(port=port) as receiver:
        mortal.start()
        assert receiver.wait(1)[0].event["object"] == "event"

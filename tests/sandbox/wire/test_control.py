"""The sandbox's own controls, and how it starts and ends."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import listen, make_account
from tests.sandbox_process import ROOT, SandboxProcess


@pytest.mark.parametrize(
    ("step", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("29d", 29 * 86400), ("2w", 14 * 86400), (7, 7)]
)
def test_the_clock_moves_forward_by_what_is_asked(box: SandboxProcess, step: Any, seconds: int) -> None:
    before = box.control("clock")["now"]
    after = box.control("clock", {"advance": step})["now"]
    assert 0 <= after - before - seconds <= 2
    assert 0 <= box.control("clock")["now"] - after <= 2


def test_the_clock_can_be_set_but_not_back(box: SandboxProcess) -> None:
    now = box.control("clock")["now"]
    assert box.control("clock", {"set": now + 86400})["now"] in range(now + 86400, now + 86403)
    with pytest.raises(RuntimeError, match="only goes forward"):
        box.control("clock", {"set": now})


@pytest.mark.parametrize(
    "body",
    [{}, {"advance": "soon"}, {"advance": "-1d"}, {"advance": None}, {"set": "now"}, {"set": True},
     {"advance": "1d", "set": 1}, {"advance": "999999999w"}, [], "29d"],
)  # fmt: skip
def test_a_senseless_clock_is_refused(box: SandboxProcess, body: Any) -> None:
    with pytest.raises(RuntimeError, match="400"):
        box.control("clock", body)


def test_objects_bear_the_sandboxs_time(box: SandboxProcess) -> None:
    now = box.control("clock", {"advance": "29d"})["now"]
    account = make_account(box)
    event = box.api("GET", "/v1/events", account=account["id"])[1]["data"][-1]
    assert 0 <= account["created"] - now < 5
    assert 0 <= event["created"] - now < 5


def test_reset_forgets_everything_but_the_platform(box: SandboxProcess) -> None:
    platform = box.control("reset", {})["platform"]
    make_account(box)
    listen(box, "https://a.example")
    box.control("clock", {"advance": "29d"})
    box.control("settings", {"rate_limit": 50})
    box.control("faults", [{"fault": "500", "match": "nothing"}])
    box.control("deliveries", {"mode": "hold"})
    after = box.control("reset", {})
    assert after["platform"] == platform
    assert abs(after["now"] - time.time()) < 5
    assert box.control("faults") == []
    assert box.control("settings")["rate_limit"] == 0
    assert box.control("deliveries")["mode"] == "normal"
    assert box.traffic() == []
    for path in ("/v1/accounts", "/v1/webhook_endpoints", "/v1/events"):
        assert box.api("GET", path)[1]["data"] == []


@pytest.mark.parametrize("days", [-21, 400])
def test_a_world_may_begin_at_another_time_and_goes_on_from_there(box: SandboxProcess, days: int) -> None:
    begin = int(time.time()) + days * 86400
    assert box.control("reset", {"now": begin})["now"] - begin in range(3)
    assert make_account(box)["created"] - begin in range(5)
    assert box.control("clock", {"advance": "21d"})["now"] - begin - 21 * 86400 in range(8)
    box.reset()
    assert abs(box.control("clock")["now"] - time.time()) < 5


@pytest.mark.parametrize("body", [{"now": "yesterday"}, {"now": True}, {"now": 5}, {"now": 10**11}, {"then": 1}, []])
def test_a_senseless_beginning_is_refused_and_nothing_forgotten(box: SandboxProcess, body: Any) -> None:
    account = make_account(box)["id"]
    with pytest.raises(RuntimeError, match="400"):
        box.control("reset", body)
    assert box.api("GET", f"/v1/accounts/{account}")[0] == 200


def test_settings_are_changed_by_name_and_kind(box: SandboxProcess) -> None:
    assert box.control("settings", {"delivery_retries": [1, 2]})["delivery_retries"] == [1, 2]
    for wrong in ({"colour": 1}, {"rate_limit": "fast"}, {"delivery_retries": ["x"]}, {"rate_limit": -1}):
        with pytest.raises(RuntimeError, match="400"):
            box.control("settings", wrong)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/_sandbox/nothing", 404), ("DELETE", "/_sandbox/clock", 404), ("POST", "/_sandbox/traffic", 404),
     ("GET", "/_sandbox/deliveries?wait=long", 400), ("GET", "/elsewhere", 404), ("GET", "/v2/core/accounts", 404)],
)  # fmt: skip
def test_what_there_is_not_is_said_so(box: SandboxProcess, method: str, path: str, status: int) -> None:
    got, body, _ = box.request(method, path)
    assert got == status
    assert json.loads(body)["error"]


def test_a_body_that_is_no_json_is_refused(box: SandboxProcess) -> None:
    for body in (b"{", b"\xff", b"[" * 100_000):
        assert box.request("POST", "/_sandbox/clock", body)[0] == 400


def test_the_front_page_says_what_this_is(box: SandboxProcess) -> None:
    listen(box, "https://a.example/<b>")
    status, body, headers = box.request("GET", "/")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"Local sandbox (not Stripe's Sandboxes)" in body
    assert b"https://a.example/&lt;b&gt;" in body


def test_the_traffic_can_be_written_to_a_file(box: SandboxProcess, tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    box.control("settings", {"traffic_file": str(file)})
    make_account(box)
    box.control("settings", {"traffic_file": None})
    assert [json.loads(line) for line in file.read_text().splitlines()] == box.traffic()


def test_term_and_int_end_it_while_a_connection_is_open(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with SandboxProcess(store=tmp_path / "s.sqlite3") as process:
            assert process.process is not None
            with socket.create_connection(("127.0.0.1", process.port)):
                began = time.monotonic()
                process.process.send_signal(number)
                assert process.process.wait(5) == 0
                assert time.monotonic() - began < 2


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)


def test_a_port_or_a_store_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with SandboxProcess(store=tmp_path / "s.sqlite3") as process:
        port = run("--port", str(process.port))
        store = run("--port", "0", "--store", str(process.store))
    assert (port.returncode, store.returncode) == (1, 1)
    assert port.stderr.startswith(f"Cannot listen on 127.0.0.1:{process.port}")
    assert store.stderr.startswith(f"Cannot use {process.store} as the store")
    assert port.stderr.count("\n") == store.stderr.count("\n") == 1


def test_manage_py_starts_the_same_sandbox(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "sandbox", "--port", "0", "--store", str(tmp_path / "s.sqlite3")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Sandbox ready: http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_sandboxs_own_pages_use_it(box: SandboxProcess, name: str) -> None:
    host = f"{name}:{box.port}"
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert box.request("POST", "/_sandbox/clock", b'{"advance": "1s"}', headers)[0] == 200

"""The sandbox misbehaves exactly as ordered, and as often."""

import time
from typing import Any

import pytest

from tests.sandbox.conftest import make_account
from tests.sandbox_process import SandboxProcess

ENDPOINT = {"url": "https://a.example/h", "enabled_events[]": "*"}
MATCH = "POST /v1/webhook_endpoints"


def order(box: SandboxProcess, fault: str, **extra: Any) -> None:
    box.control("faults", [{"match": MATCH, "fault": fault, **extra}])


def create(box: SandboxProcess, key: str | None = None) -> tuple[int, Any, Any]:
    return box.api("POST", "/v1/webhook_endpoints", ENDPOINT, key=key)


def count(box: SandboxProcess) -> int:
    return len(box.api("GET", "/v1/webhook_endpoints")[1]["data"])


@pytest.mark.parametrize(
    ("fault", "status", "kind", "code"),
    [
        ("429", 429, "invalid_request_error", "rate_limit"),
        ("409", 409, "idempotency_error", "idempotency_key_in_use"),
        ("500", 500, "api_error", None),
        ("503", 503, "api_error", None),
    ],
)
def test_a_refusal_before_the_act_does_nothing_and_is_not_kept(
    box: SandboxProcess, fault: str, status: int, kind: str, code: str | None
) -> None:
    order(box, fault)
    got, body, _ = create(box, "k1")
    assert (got, body["error"]["type"], body["error"].get("code")) == (status, kind, code)
    assert count(box) == 0
    assert create(box, "k1")[0] == 200


def test_429_can_say_when_to_come_back(box: SandboxProcess) -> None:
    order(box, "429", retry_after=2)
    assert create(box)[2]["Retry-After"] == "2"
    order(box, "429")
    assert create(box)[2]["Retry-After"] is None


def test_500_after_the_act_gives_the_real_answer_to_the_same_key(box: SandboxProcess) -> None:
    order(box, "500_after")
    assert create(box, "k1")[0] == 500
    assert count(box) == 1
    status, _, headers = create(box, "k1")
    assert (status, headers["Idempotent-Replayed"], count(box)) == (200, "true", 1)


@pytest.mark.parametrize(("fault", "made"), [("500_replayed", 1), ("500_replayed_undone", 0)])
def test_a_stored_500_is_replayed(box: SandboxProcess, fault: str, made: int) -> None:
    order(box, fault)
    assert create(box, "k1")[0] == 500
    status, body, headers = create(box, "k1")
    assert (status, body["error"]["type"], headers["Idempotent-Replayed"]) == (500, "api_error", "true")
    assert count(box) == made


@pytest.mark.parametrize(("fault", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_cuts_the_connection_before_or_after_the_act(box: SandboxProcess, fault: str, made: int) -> None:
    order(box, fault)
    with pytest.raises(ConnectionResetError):
        create(box, "k1")
    assert count(box) == made
    replayed = create(box, "k1")[2]["Idempotent-Replayed"]
    assert (replayed, count(box)) == ("true" if made else None, 1)


@pytest.mark.parametrize("fault", ["slow:0.3", "slow_after:0.3"])
def test_a_slow_answer_comes_late_and_whole(box: SandboxProcess, fault: str) -> None:
    order(box, fault)
    began = time.monotonic()
    assert create(box)[0] == 200
    assert time.monotonic() - began >= 0.3


def test_faults_are_counted_down_and_the_first_that_fits_is_taken(box: SandboxProcess) -> None:
    box.control("faults", [{"match": MATCH, "fault": "503", "times": 2}, {"match": "* /v1/*", "fault": 429}])
    assert [create(box)[0] for _ in range(4)] == [503, 503, 429, 200]
    assert box.control("faults") == []


def test_a_fault_waits_for_its_own_method_and_path(box: SandboxProcess) -> None:
    box.control("faults", [{"match": "GET /v1/webhook_endpoints/{id}", "fault": "500"}])
    endpoint = create(box)[1]["id"]
    assert count(box) == 1
    assert box.api("POST", f"/v1/webhook_endpoints/{endpoint}", {"description": "d"})[0] == 200
    assert box.api("GET", f"/v1/webhook_endpoints/{endpoint}")[0] == 500


def test_an_empty_order_ends_all_faults(box: SandboxProcess) -> None:
    order(box, "500", times=5)
    assert box.control("faults", []) == []
    assert create(box)[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        [1],
        [{"fault": "explode"}],
        [{"fault": "500", "times": 0}],
        [{"fault": "500", "when": "now"}],
        [{"match": 5}],
    ],
)
def test_a_senseless_order_is_refused_with_the_list_of_faults(box: SandboxProcess, body: Any) -> None:
    with pytest.raises(RuntimeError, match=r"400 .*Each fault is .*slow_after:3 waits"):
        box.control("faults", body)


def test_an_order_that_is_no_list_is_refused(box: SandboxProcess) -> None:
    with pytest.raises(RuntimeError, match=r"400 .*Send a JSON list"):
        box.control("faults", {})


def test_the_rate_limit_holds_for_each_account_apart(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    box.control("settings", {"rate_limit": 1})
    refused = box.until(lambda: next((answer for answer in (create(box), create(box)) if answer[0] != 200), None))
    assert (refused[0], refused[1]["error"]["code"]) == (429, "rate_limit")
    assert box.api("GET", "/v1/events", account=account)[0] == 200
    box.control("settings", {"rate_limit": None})
    assert create(box)[0] == create(box)[0] == 200

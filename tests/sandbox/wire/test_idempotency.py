"""One key, one act (https://docs.stripe.com/api/idempotent_requests)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.sandbox.conftest import CONTROLLER, make_account
from tests.sandbox_process import SandboxProcess

ENDPOINT = {"url": "https://a.example/h", "enabled_events[]": "*"}


def create(box: SandboxProcess, key: str, account: str | None = None, **changes: str) -> tuple[int, Any, Any]:
    return box.api("POST", "/v1/webhook_endpoints", {**ENDPOINT, **changes}, key=key, account=account)


def count(box: SandboxProcess) -> int:
    return len(box.api("GET", "/v1/webhook_endpoints", {"limit": "100"})[1]["data"])


def test_the_same_key_gives_the_same_answer_and_acts_once(box: SandboxProcess) -> None:
    _, first, before = create(box, "k1")
    status, again, after = create(box, "k1")
    assert (status, again) == (200, first)
    assert before["Idempotent-Replayed"] is None
    assert after["Idempotent-Replayed"] == "true"
    assert after["Original-Request"] == before["Request-Id"] != after["Request-Id"]
    assert count(box) == 1


def test_the_order_of_parameters_does_not_matter(box: SandboxProcess) -> None:
    create(box, "k1")
    status, _, headers = box.api("POST", "/v1/webhook_endpoints", list(ENDPOINT.items())[::-1], key="k1")
    assert (status, headers["Idempotent-Replayed"]) == (200, "true")


def test_another_request_under_the_same_key_is_an_idempotency_error(box: SandboxProcess) -> None:
    endpoint = create(box, "k1")[1]
    for path, params in (
        ("/v1/webhook_endpoints", {**ENDPOINT, "url": "https://b.example"}),
        (f"/v1/webhook_endpoints/{endpoint['id']}", ENDPOINT),
        ("/v1/accounts", CONTROLLER),
    ):
        status, body, _ = box.api("POST", path, params, key="k1")
        assert (status, body["error"]["type"]) == (400, "idempotency_error")
        assert body["error"]["message"].startswith("Keys for idempotent requests can only be used with the same")
    assert count(box) == 1


def test_a_key_belongs_to_one_account(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    assert create(box, "k1")[1]["id"] != create(box, "k1", account=account)[1]["id"]


def test_what_was_refused_before_it_began_is_not_kept(box: SandboxProcess) -> None:
    assert create(box, "k1", colour="red")[0] == 400
    assert create(box, "k1")[0] == 200


def test_what_the_noun_refused_is_kept(box: SandboxProcess) -> None:
    _, first, _ = create(box, "k1", url="nowhere")
    status, again, headers = create(box, "k1", url="nowhere")
    assert (status, again, headers["Idempotent-Replayed"]) == (400, first, "true")


def test_a_key_is_forgotten_after_24_hours(box: SandboxProcess) -> None:
    first = create(box, "k1")[1]["id"]
    box.control("clock", {"advance": "23h"})
    assert create(box, "k1")[1]["id"] == first
    box.control("clock", {"advance": "61m"})
    assert create(box, "k1", url="https://b.example")[1]["id"] != first


def test_a_key_longer_than_255_characters_is_refused(box: SandboxProcess) -> None:
    assert create(box, "k" * 255)[0] == 200
    status, body, _ = create(box, "k" * 256)
    assert (status, body["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize("fault", ["slow:1", "slow_after:1"])
def test_a_second_request_while_the_first_is_under_way_is_409(box: SandboxProcess, fault: str) -> None:
    box.control("faults", [{"match": "POST /v1/webhook_endpoints", "fault": fault}])
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: create(box, "k1"), range(2)))
    statuses = sorted(answer[0] for answer in answers)
    assert statuses == [200, 409]
    refused = next(answer[1] for answer in answers if answer[0] == 409)
    assert (refused["error"]["type"], refused["error"]["code"]) == ("idempotency_error", "idempotency_key_in_use")
    assert create(box, "k1")[2]["Idempotent-Replayed"] == "true"
    assert count(box) == 1


def test_twenty_at_once_act_once(box: SandboxProcess) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: create(box, "k1"), range(20)))
    assert {answer[0] for answer in answers} <= {200, 409}
    assert len({answer[1]["id"] for answer in answers if answer[0] == 200}) == 1
    assert count(box) == 1


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_only_posts_are_remembered(box: SandboxProcess, method: str) -> None:
    endpoint = create(box, "k1")[1]["id"]
    status, _, headers = box.api(method, f"/v1/webhook_endpoints/{endpoint}", key="k1")
    assert (status, headers["Idempotent-Replayed"]) == (200, None)

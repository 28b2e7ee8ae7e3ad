"""Webhooks: who gets which event, signed how, in which order, how often."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import listen, make_account
from tests.sandbox_process import SandboxProcess
from tests.webhook_receiver import WebhookReceiver


def touch(box: SandboxProcess, account: str, number: int) -> None:
    status, body, _ = box.api("POST", f"/v1/accounts/{account}", {"metadata[number]": str(number)})
    assert status == 200, body


def touched(receiver: WebhookReceiver) -> list[int]:
    """The numbers of `touch` in the order in which their events came."""
    seen = [event["data"]["object"].get("metadata", {}) for event in receiver.events()]
    return [int(metadata["number"]) for metadata in seen if "number" in metadata]


def test_an_event_arrives_signed_as_stripe_signs(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    secret = listen(box, f"{receiver.url}/hook?a=1")["secret"]
    box.control("clock", {"advance": "29d"})
    make_account(box)
    arrival = receiver.wait(1)[0]
    assert arrival.path == "/hook?a=1"
    assert arrival.headers["content-type"] == "application/json; charset=utf-8"
    parts = dict(part.split("=", 1) for part in arrival.headers["stripe-signature"].split(","))
    assert set(parts) == {"t", "v1", "v0"}
    assert abs(int(parts["t"]) - time.time()) < 10, "signed by the wall's clock"
    signed = hmac.new(secret.encode(), f"{parts['t']}.".encode() + arrival.body, hashlib.sha256).hexdigest()
    assert parts["v1"] == signed != parts["v0"]
    header = arrival.headers["stripe-signature"]
    assert stripe.WebhookSignature.verify_header(arrival.body.decode(), header, secret, tolerance=300)


def test_connected_accounts_events_go_to_connect_endpoints_only(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    listen(box, f"{receiver.url}/connect")
    listen(box, f"{receiver.url}/platform", connect=False)
    account = make_account(box)["id"]
    box.settled()
    arrivals = receiver.wait(1)
    assert {arrival.path for arrival in arrivals} == {"/connect"}
    assert {arrival.event["account"] for arrival in arrivals} == {account}


def test_an_account_may_listen_to_itself(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    account, other = make_account(box)["id"], make_account(box)["id"]
    params = {"url": receiver.url, "enabled_events[]": "*"}
    assert box.api("POST", "/v1/webhook_endpoints", params, account=account)[0] == 200
    touch(box, account, 1)
    touch(box, other, 2)
    receiver.wait(1)
    box.settled()
    assert touched(receiver) == [1]


def test_an_endpoint_gets_what_it_enabled(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    listen(box, receiver.url, types=("person.created",))
    account = make_account(box)["id"]
    box.api("POST", f"/v1/accounts/{account}/persons", {"first_name": "Ana"})
    receiver.wait(1)
    box.settled()
    assert [event["type"] for event in receiver.events()] == ["person.created"]


def test_a_disabled_or_deleted_endpoint_gets_nothing(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    box.control("deliveries", {"mode": "hold"})
    disabled, deleted = listen(box, receiver.url)["id"], listen(box, receiver.url)["id"]
    make_account(box)
    box.api("POST", f"/v1/webhook_endpoints/{disabled}", {"disabled": "true"})
    box.api("DELETE", f"/v1/webhook_endpoints/{deleted}")
    box.control("deliveries", {"mode": "normal"})
    assert box.settled()["waiting"] == 0
    assert receiver.events() == []


def test_the_endpoints_own_version_is_named(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    params = {"url": receiver.url, "enabled_events[]": "*", "connect": "true", "api_version": "2025-06-30.basil"}
    assert box.api("POST", "/v1/webhook_endpoints", params)[0] == 200
    make_account(box)
    assert receiver.wait(1)[0].event["api_version"] == "2025-06-30.basil"


def test_events_come_in_order_and_pending_webhooks_falls(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    listen(box, receiver.url)
    account = make_account(box)["id"]
    for number in range(10):
        touch(box, account, number)
    box.settled()
    assert touched(receiver) == list(range(10))
    assert all(event["pending_webhooks"] == 1 for event in receiver.events())
    listed = box.api("GET", "/v1/events", {"limit": "100"}, account=account)[1]["data"]
    assert {event["pending_webhooks"] for event in listed} == {0}


@pytest.mark.parametrize("status", [199, 301, 302, 400, 404, 410, 500, 503])
def test_anything_but_2xx_is_tried_again(box: SandboxProcess, receiver: WebhookReceiver, status: int) -> None:
    box.control("settings", {"delivery_retries": [60]})
    listen(box, receiver.url, types=("person.created",))
    account = make_account(box)["id"]
    receiver.answers.append(status)
    box.api("POST", f"/v1/accounts/{account}/persons", {"first_name": "Ana"})
    receiver.wait(1)
    assert box.settled()["waiting"] == 1
    box.control("clock", {"advance": "61s"})
    first, second = receiver.wait(2)
    assert first.event == second.event
    assert box.settled()["waiting"] == 0
    assert {arrival.path for arrival in receiver.wait(2)} == {"/"}, "a redirect is not followed"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_a_success(box: SandboxProcess, receiver: WebhookReceiver, status: int) -> None:
    listen(box, receiver.url, types=("person.created",))
    account = make_account(box)["id"]
    receiver.answers.append(status)
    box.api("POST", f"/v1/accounts/{account}/persons", {"first_name": "Ana"})
    receiver.wait(1)
    assert box.settled()["waiting"] == 0


def test_tries_end_after_the_last_delay(box: SandboxProcess) -> None:
    box.control("settings", {"delivery_retries": [60, 600]})
    listen(box, "http://127.0.0.1:9/nobody", types=("person.created",))
    account = make_account(box)["id"]
    box.api("POST", f"/v1/accounts/{account}/persons", {"first_name": "Ana"})
    for step in ("61s", "601s"):
        assert box.settled()["waiting"] == 1
        box.control("clock", {"advance": step})
    state = box.settled()
    assert state["waiting"] == 0
    assert [attempt["attempt"] for attempt in state["recent"]] == [1, 2, 3]
    assert all("ConnectionRefusedError" in attempt["error"] for attempt in state["recent"])
    assert box.api("GET", "/v1/events", account=account)[1]["data"][0]["pending_webhooks"] == 1


def test_a_failing_delivery_does_not_hold_up_the_next(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    box.control("settings", {"delivery_retries": [3600]})
    account = make_account(box)["id"]
    listen(box, receiver.url, types=("account.updated",))
    receiver.answers.append(500)
    touch(box, account, 1)
    touch(box, account, 2)
    receiver.wait(2)
    assert box.settled()["waiting"] == 1
    box.control("clock", {"advance": "2h"})
    receiver.wait(3)
    assert touched(receiver) == [1, 2, 1]


def test_held_events_go_out_in_order_when_released(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    listen(box, receiver.url)
    account = make_account(box)["id"]
    box.settled()
    box.control("deliveries", {"mode": "hold"})
    before = len(receiver.events())
    for number in range(5):
        touch(box, account, number)
    assert box.settled(0.2)["waiting"] == 5
    assert len(receiver.events()) == before
    box.control("deliveries", {"mode": "normal"})
    box.settled()
    assert touched(receiver) == [0, 1, 2, 3, 4]


def test_shuffled_events_all_come_in_another_order(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    account = make_account(box)["id"]
    listen(box, receiver.url)
    box.control("settings", {"shuffle_window": 1.0})
    box.control("deliveries", {"mode": "shuffle"})
    for number in range(12):
        touch(box, account, number)
    box.settled()
    assert sorted(touched(receiver)) == list(range(12)) != touched(receiver)


def test_doubled_events_come_twice(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    account = make_account(box)["id"]
    listen(box, receiver.url)
    box.control("deliveries", {"mode": "duplicate"})
    touch(box, account, 1)
    box.settled()
    first, second = receiver.wait(2)
    assert first.event == second.event


def test_dropped_events_are_listed_and_never_sent(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    account = make_account(box)["id"]
    listen(box, receiver.url)
    box.control("deliveries", {"mode": "drop"})
    touch(box, account, 1)
    assert box.settled()["waiting"] == 0
    box.control("deliveries", {"mode": "normal"})
    touch(box, account, 2)
    box.settled()
    assert touched(receiver) == [2]
    listed = box.api("GET", "/v1/events", {"type": "account.updated"}, account=account)[1]["data"]
    numbers = [event["data"]["object"]["metadata"].get("number") for event in listed]
    assert (numbers.count("1"), numbers.count("2")) == (1, 1)


@pytest.mark.parametrize("body", [{}, {"mode": "never"}, {"mode": None}])
def test_an_unknown_mode_is_refused(box: SandboxProcess, body: Any) -> None:
    with pytest.raises(RuntimeError, match="`mode` is one of normal, hold, shuffle, duplicate, drop"):
        box.control("deliveries", body)


def test_deliveries_are_in_the_traffic(box: SandboxProcess, receiver: WebhookReceiver) -> None:
    endpoint = listen(box, receiver.url)["id"]
    make_account(box)
    box.settled()
    sent = [record for record in box.traffic() if "event" in record]
    assert [record["event"] for record in sent] == receiver.events()
    assert {(record["endpoint"], record["status"], record["attempt"]) for record in sent} == {(endpoint, 200, 1)}


def test_a_receiver_that_writes_the_event_out_again_before_it_verifies_fails(
    box: SandboxProcess, receiver: WebhookReceiver
) -> None:
    secret = listen(box, receiver.url)["secret"]
    make_account(box)
    arrival = receiver.wait(1)[0]
    header, verify = arrival.headers["stripe-signature"], stripe.WebhookSignature.verify_header
    assert verify(arrival.body.decode(), header, secret)
    for separators in ((",", ":"), (", ", ": ")):
        with pytest.raises(stripe.SignatureVerificationError):
            verify(json.dumps(arrival.event, separators=separators), header, secret)
    assert arrival.body.startswith(b'{\n  "id": "evt_')

"""Events: what they say, and how they are listed."""

from typing import Any

import pytest

from tests.sandbox.conftest import listen, make_account
from tests.sandbox_process import SandboxProcess


def events(box: SandboxProcess, account: str | None, **params: str) -> list[dict[str, Any]]:
    status, body, _ = box.api("GET", "/v1/events", {"limit": "100", **params}, account=account)
    assert status == 200, body
    return body["data"]


def test_an_event_names_the_request_that_caused_it(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    _, _, headers = box.api("POST", f"/v1/accounts/{account}", {"email": "a@example.com"}, key="k1")
    caused = [each for each in events(box, account) if each["request"]["id"] == headers["Request-Id"]]
    newest = caused[0]
    assert newest["type"] == "account.updated"
    assert newest["account"] == account
    assert newest["request"]["idempotency_key"] == "k1"
    assert newest["api_version"] == "2026-10-28.endive"
    assert newest["data"]["object"]["email"] == "a@example.com"
    assert newest["data"]["previous_attributes"]["email"] is None
    assert newest["livemode"] is False


def test_events_are_listed_for_their_own_account_only(box: SandboxProcess) -> None:
    first, second = make_account(box)["id"], make_account(box)["id"]
    assert {event["account"] for event in events(box, first)} == {first}
    assert {event["account"] for event in events(box, second)} == {second}
    assert events(box, None) == []


def test_events_are_filtered_by_type_and_types(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    box.api("POST", f"/v1/accounts/{account}/persons", {"first_name": "Ana"})
    every = {event["type"] for event in events(box, account)}
    assert {"account.updated", "person.created"} <= every

    def kinds(**params: str) -> set[str]:
        return {event["type"] for event in events(box, account, **params)}

    assert kinds(type="person.created") == {"person.created"}
    assert kinds(type="person.*") == {"person.created"}
    assert kinds(type="*") == every
    assert kinds(**{"types[0]": "person.created", "types[1]": "account.updated"}) == {
        "person.created",
        "account.updated",
    }
    assert kinds(type="payout.paid") == set()


def test_type_and_types_at_once_or_too_many_are_refused(box: SandboxProcess) -> None:
    both = box.api("GET", "/v1/events", {"type": "a.b", "types[]": "a.b"})
    many = box.api("GET", "/v1/events", [(f"types[{n}]", "account.updated") for n in range(21)])
    assert (both[0], many[0]) == (400, 400)
    assert both[1]["error"]["code"] == "parameters_exclusive"


def test_an_unknown_event_is_404(box: SandboxProcess) -> None:
    status, body, _ = box.api("GET", "/v1/events/evt_unknown")
    assert (status, body["error"]["code"], body["error"]["param"]) == (404, "resource_missing", "id")


def test_events_can_be_read_back_for_30_days(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    event = events(box, account)[-1]["id"]
    box.control("clock", {"advance": "29d"})
    assert event in [each["id"] for each in events(box, account)]
    box.control("clock", {"advance": "2d"})
    assert event not in [each["id"] for each in events(box, account)]
    assert box.api("GET", f"/v1/events/{event}", account=account)[0] == 404


def test_a_refused_request_leaves_no_event(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    before = events(box, account)
    for wrong in ({"email": "no address"}, {"colour": "red"}):
        assert box.api("POST", f"/v1/accounts/{account}", wrong)[0] == 400
    assert [event for event in events(box, account) if event["request"]["id"]] == before


@pytest.mark.parametrize("success", ["true", "false"])
def test_events_are_filtered_by_the_success_of_their_delivery(box: SandboxProcess, success: str) -> None:
    listen(box, "http://127.0.0.1:9/nobody")
    account = make_account(box)["id"]
    found = events(box, account, delivery_success=success)
    assert bool(found) == (success == "false")
    assert all(event["pending_webhooks"] == 1 for event in found)

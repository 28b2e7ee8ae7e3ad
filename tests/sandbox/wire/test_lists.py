"""Lists: newest first, whole, without repetition, whatever the page size and direction."""

from typing import Any

import pytest

from tests.sandbox.conftest import listen, make_account
from tests.sandbox_process import SandboxProcess


def page(box: SandboxProcess, **params: Any) -> dict[str, Any]:
    status, body, _ = box.api("GET", "/v1/webhook_endpoints", {name: str(value) for name, value in params.items()})
    assert status == 200, body
    return body


def walk(box: SandboxProcess, limit: int, cursor: str) -> list[str]:
    """Every id that the pages give, walked in one direction."""
    found: list[str] = []
    at: dict[str, Any] = {} if cursor == "starting_after" else {"ending_before": page(box, limit=100)["data"][-1]["id"]}
    while True:
        got = page(box, limit=limit, **at)
        ids = [item["id"] for item in got["data"]]
        assert len(ids) <= limit
        found = found + ids if cursor == "starting_after" else ids + found
        if not got["has_more"]:
            return found
        at = {cursor: ids[-1] if cursor == "starting_after" else ids[0]}


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7, 100])
def test_pages_give_every_object_once_in_both_directions(box: SandboxProcess, limit: int) -> None:
    made = [listen(box, f"https://a.example/{number}")["id"] for number in range(6)]
    assert walk(box, limit, "starting_after") == made[::-1]
    assert walk(box, limit, "ending_before") == made[:0:-1]


def test_ten_is_the_default_and_the_newest_come_first(box: SandboxProcess) -> None:
    made = [listen(box, f"https://a.example/{number}")["id"] for number in range(12)]
    got = page(box)
    assert [item["id"] for item in got["data"]] == made[:1:-1]
    assert (got["object"], got["has_more"], got["url"]) == ("list", True, "/v1/webhook_endpoints")


def test_an_empty_list_is_a_list(box: SandboxProcess) -> None:
    assert page(box) == {"object": "list", "data": [], "has_more": False, "url": "/v1/webhook_endpoints"}


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"limit": "0"}, "parameter_invalid_integer", "limit"),
        ({"limit": "101"}, "parameter_invalid_integer", "limit"),
        ({"limit": "-1"}, "parameter_invalid_integer", "limit"),
        ({"limit": "ten"}, "parameter_invalid_integer", "limit"),
        ({"limit": "9" * 40}, "parameter_invalid_integer", "limit"),
        ({"limit": ""}, "parameter_invalid_empty", "limit"),
        ({"starting_after": "we_unknown"}, "resource_missing", "starting_after"),
        ({"ending_before": "we_unknown"}, "resource_missing", "ending_before"),
        ({"starting_after": ""}, "parameter_invalid_empty", "starting_after"),
    ],
)
def test_wrong_limits_and_cursors_are_refused(
    box: SandboxProcess, params: dict[str, str], code: str, param: str
) -> None:
    status, body, _ = box.api("GET", "/v1/webhook_endpoints", params)
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, code, param)


def test_both_cursors_at_once_are_refused(box: SandboxProcess) -> None:
    one = listen(box, "https://a.example")["id"]
    status, body, _ = box.api("GET", "/v1/webhook_endpoints", {"starting_after": one, "ending_before": one})
    assert (status, body["error"]["code"]) == (400, "parameters_exclusive")


def test_created_filters_by_the_sandboxs_clock(box: SandboxProcess) -> None:
    first = make_account(box)
    box.control("clock", {"advance": "1h"})
    second = make_account(box)

    def found(**created: int) -> list[str]:
        params = {f"created[{name}]": str(value) for name, value in created.items()}
        return [account["id"] for account in box.api("GET", "/v1/accounts", params)[1]["data"]]

    assert found(gt=first["created"]) == [second["id"]]
    assert found(gte=first["created"]) == [second["id"], first["id"]]
    assert found(lt=second["created"]) == [first["id"]]
    assert found(gte=first["created"], lte=first["created"] + 60) == [first["id"]]
    exact = box.api("GET", "/v1/accounts", {"created": str(second["created"])})[1]
    assert [account["id"] for account in exact["data"]] == [second["id"]]

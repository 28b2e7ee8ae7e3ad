"""Webhook endpoints: their secret, their life, how many there may be."""

from tests.sandbox.conftest import listen
from tests.sandbox_process import SandboxProcess


def test_an_endpoint_shows_its_secret_once(box: SandboxProcess) -> None:
    made = listen(box, "https://a.example")
    assert made["secret"].startswith("whsec_")
    assert "secret" not in box.api("GET", f"/v1/webhook_endpoints/{made['id']}")[1]
    assert "secret" not in box.api("POST", f"/v1/webhook_endpoints/{made['id']}", {"description": "d"})[1]
    assert "secret" not in box.api("GET", "/v1/webhook_endpoints")[1]["data"][0]


def test_an_endpoint_lives_and_dies(box: SandboxProcess) -> None:
    made = listen(box, "https://a.example")["id"]
    path = f"/v1/webhook_endpoints/{made}"
    assert box.api("POST", path, {"disabled": "true"})[1]["status"] == "disabled"
    assert box.api("POST", path, {"disabled": "false"})[1]["status"] == "enabled"
    assert box.api("POST", path, {"enabled_events[]": "account.updated"})[1]["enabled_events"] == ["account.updated"]
    assert box.api("POST", path, {"url": "https://b.example"})[1]["url"] == "https://b.example"
    assert box.api("DELETE", path)[1] == {"id": made, "object": "webhook_endpoint", "deleted": True}
    for method in ("GET", "POST", "DELETE"):
        status, body, _ = box.api(method, path)
        assert (status, body["error"]["message"]) == (404, f"No such webhook endpoint: '{made}'")


def test_there_are_at_most_sixteen_endpoints(box: SandboxProcess) -> None:
    for number in range(16):
        listen(box, f"https://a.example/{number}")
    status, body, _ = box.api("POST", "/v1/webhook_endpoints", {"url": "https://a.example", "enabled_events[]": "*"})
    assert (status, body["error"]["message"]) == (400, "You have reached the maximum of 16 test webhook endpoints.")

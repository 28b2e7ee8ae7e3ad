"""Who is let in, and on whose behalf."""

import base64
import json
from email.utils import parsedate_to_datetime

import pytest

from tests.sandbox.conftest import make_account
from tests.sandbox_process import SandboxProcess


def get(box: SandboxProcess, authorization: str | None, path: str = "/v1/events") -> tuple[int, dict]:
    headers = {} if authorization is None else {"Authorization": authorization}
    status, body, _ = box.api("GET", path, headers={"Authorization": "", **headers})
    return status, body.get("error", body)


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(key.encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer sk_test_abc",
        "bearer rk_test_abc",
        basic("sk_test_abc:"),
        basic("rk_test_51HxAbCd"),
        "Bearer  sk_test_x ",
    ],
)
def test_any_test_key_is_let_in(box: SandboxProcess, authorization: str) -> None:
    status, body = get(box, authorization)
    assert (status, body["object"]) == (200, "list")


@pytest.mark.parametrize("authorization", [None, "", "Bearer ", "Digest a", "Basic !!!", basic(":"), basic("x")[:8]])
def test_a_missing_key_is_401(box: SandboxProcess, authorization: str | None) -> None:
    status, error = get(box, authorization)
    assert (status, error["type"]) == (401, "invalid_request_error")
    assert error["message"].startswith(("You did not provide an API key.", "Invalid API Key provided"))


def test_a_live_key_is_refused_and_not_repeated_in_full(box: SandboxProcess) -> None:
    status, error = get(box, "Bearer sk_live_4eC39HqLyjWDarjtT1zdp7dc")
    assert status == 401
    assert error["message"] == "Invalid API Key provided: sk_live_" + "*" * 20 + "p7dc"


def test_a_publishable_key_is_refused_by_its_name(box: SandboxProcess) -> None:
    status, error = get(box, "Bearer pk_test_abc")
    assert (status, error["code"]) == (401, "secret_key_required")


def test_an_unknown_account_is_403(box: SandboxProcess) -> None:
    status, body, _ = box.api("GET", "/v1/events", account="acct_unknown")
    assert (status, body["error"]["code"]) == (403, "account_invalid")
    assert "does not have access to account 'acct_unknown'" in body["error"]["message"]


def test_another_accounts_object_is_not_there(box: SandboxProcess) -> None:
    first, second = make_account(box)["id"], make_account(box)["id"]
    event = box.api("GET", "/v1/events", account=first)[1]["data"][0]["id"]
    assert box.api("GET", f"/v1/events/{event}", account=first)[0] == 200
    for account in (second, None):
        status, body, _ = box.api("GET", f"/v1/events/{event}", account=account)
        assert (status, body["error"]["code"]) == (404, "resource_missing")
        assert body["error"]["message"] == f"No such event: '{event}'"


def test_the_platform_may_name_itself(box: SandboxProcess) -> None:
    platform = box.control("reset", {})["platform"]
    assert box.api("GET", "/v1/webhook_endpoints", account=platform)[0] == 200


def test_the_version_is_echoed_and_an_unknown_one_refused(box: SandboxProcess) -> None:
    def version(given: str) -> tuple[int, str]:
        status, _, headers = box.api("GET", "/v1/events", headers={"Stripe-Version": given})
        return status, headers["Stripe-Version"]

    assert version("2025-06-30.basil") == (200, "2025-06-30.basil")
    assert version("2026-08-26.preview") == (200, "2026-08-26.preview")
    assert version("") == (200, "2026-10-28.endive")
    assert version("yesterday")[0] == 400


def test_every_answer_has_a_request_id_and_the_sandboxs_date(box: SandboxProcess) -> None:
    now = box.control("clock", {"advance": "29d"})["now"]
    _, _, headers = box.api("GET", "/v1/events")
    assert headers["Request-Id"].startswith("req_")
    assert 0 <= parsedate_to_datetime(headers["Date"]).timestamp() - now < 5


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("GET", "/v1/"),
        ("PUT", "/v1/accounts"),
        ("GET", "/v1/account_links"),
        ("POST", "/v1/balance"),
    ],
)
def test_wrong_paths_and_methods_are_404_in_stripes_words(box: SandboxProcess, method: str, path: str) -> None:
    status, body, _ = box.api(method, path)
    assert status == 404
    assert body["error"]["message"].startswith(f"Unrecognized request URL ({method}: {path})")


@pytest.mark.parametrize(
    "version",
    ["2024-06-20; issuing_x_beta=v1", "2025-06-30.basil;a_beta=v2; b_beta=v3", "2026-08-26.preview; c_beta=v1"],
)
def test_a_version_may_have_betas(box: SandboxProcess, version: str) -> None:
    status, _, headers = box.api("GET", "/v1/events", headers={"Stripe-Version": version})
    assert (status, headers["Stripe-Version"]) == (200, version)


@pytest.mark.parametrize("version", ["2024-01-01; a_beta=v1", "2024-06-20; a_beta", "2024-06-20 a=v1", "2024-06-20;"])
def test_what_is_no_version_is_refused(box: SandboxProcess, version: str) -> None:
    status, answer, _ = box.api("GET", "/v1/events", headers={"Stripe-Version": version})
    assert (status, answer["error"]["message"]) == (400, f"Invalid Stripe API version: {version}")


def test_a_connected_account_has_no_connected_accounts(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    assert [each["id"] for each in box.api("GET", "/v1/accounts")[1]["data"]] == [account]
    status, answer, _ = box.api("GET", "/v1/accounts", account=account)
    assert (status, answer["data"], answer["has_more"], answer["url"]) == (200, [], False, "/v1/accounts")
    status, answer, _ = box.api("GET", "/v1/accounts", {"starting_after": account}, account=account)
    assert (status, answer["error"]["code"]) == (400, "resource_missing")


def test_the_account_is_echoed_where_it_is_one(box: SandboxProcess) -> None:
    account, platform = make_account(box)["id"], box.api("GET", "/v1/account")[1]["id"]
    assert box.api("GET", "/v1/events")[2]["Stripe-Account"] is None
    for path, status in (("/v1/events", 200), ("/v1/nowhere", 404), ("/v1/events/evt_1", 404)):
        for acting in (account, platform):
            got, _, headers = box.api("GET", path, account=acting)
            assert (got, headers["Stripe-Account"]) == (status, acting)
    assert box.api("GET", "/v1/events", account="acct_unknown")[2]["Stripe-Account"] is None


def test_an_error_names_the_page_of_its_request(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    box.control("faults", [{"match": "GET /v1/balance", "fault": fault} for fault in ("500", "429", "500_after")])
    asked = [
        ("GET", "/v1/nowhere"),
        ("GET", "/v1/events/evt_1"),
        ("POST", "/v1/accounts"),
        *[("GET", "/v1/balance")] * 3,
    ]
    for acting, of in ((None, ""), (account, f"{account}/")):
        for method, path in asked:
            status, answer, headers = box.api(
                method, path, {"country": "??"} if method == "POST" else {}, account=acting
            )
            if status >= 400:
                logs = f"https://dashboard.stripe.com/{of}test/logs/{headers['Request-Id']}?t="
                assert answer["error"]["request_log_url"].startswith(logs), path
    unsigned = box.api("GET", "/v1/events", headers={"Authorization": ""})
    assert unsigned[2]["Request-Id"] in unsigned[1]["error"]["request_log_url"]


def test_answers_are_indented_as_stripes_are(box: SandboxProcess) -> None:
    account = make_account(box)
    headers = {"Authorization": "Bearer sk_test_x"}
    for path in (f"/v1/accounts/{account['id']}", "/v1/accounts", "/v1/nowhere"):
        body = box.request("GET", path, headers=headers)[1].decode()
        assert body == json.dumps(json.loads(body), indent=2)
    assert json.dumps(box.traffic()[-2]["response"]) == json.dumps(
        json.loads(box.request("GET", "/v1/accounts", headers=headers)[1])
    )

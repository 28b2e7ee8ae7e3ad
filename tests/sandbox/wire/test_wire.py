"""What comes off the wire, and in which words it is refused."""

import json
from typing import Any

import pytest

from sandbox.wire import expand
from sandbox.wire.description import Description
from sandbox.world.errors import StripeError
from tests.sandbox.conftest import make_account
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess

FORM = {"Authorization": "Bearer sk_test_x", "Content-Type": "application/x-www-form-urlencoded"}
GOOD = "url=https://a.example/h&enabled_events[]=*"


def post(
    box: SandboxProcess, body: str | bytes, path: str = "/v1/webhook_endpoints", kind: str = FORM["Content-Type"]
) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else body.encode()
    status, answer, _ = box.request("POST", path, data, {**FORM, "Content-Type": kind})
    return status, json.loads(answer)


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        "url=https://a.example/h&enabled_events[0]=*",
        "url=https%3A%2F%2Fa.example%2Fh&enabled_events%5B%5D=%2A",
        GOOD + "&description=&metadata=",
        GOOD + "&metadata[one][]=".replace("[]", "") + "x",
    ],
)
def test_forms_are_understood(box: SandboxProcess, body: str) -> None:
    status, endpoint = post(box, body)
    assert status == 200, endpoint
    assert endpoint["enabled_events"] == ["*"]


def test_parameters_may_stand_in_the_query_of_a_post(box: SandboxProcess) -> None:
    assert post(box, b"", f"/v1/webhook_endpoints?{GOOD}")[0] == 200


def test_lists_of_hashes_are_understood(box: SandboxProcess) -> None:
    body = "&".join(
        [
            "country=US&controller[stripe_dashboard][type]=none&controller[fees][payer]=application",
            "controller[losses][payments]=application&controller[requirement_collection]=application",
            "documents[proof_of_registration][files][]=file_1",
        ]
    )
    status, answer = post(box, body, "/v1/accounts")
    assert status in (200, 400), answer
    assert "Invalid array" not in json.dumps(answer)


REFUSED = [
    ("url=https://a.example/h", "parameter_missing", "enabled_events", "Missing required param: enabled_events."),
    (GOOD + "&colour=red", "parameter_unknown", "colour", "Received unknown parameter: colour"),
    (GOOD + "&a=1&b[c]=2", "parameter_unknown", "a", "Received unknown parameters: a, b"),
    (GOOD + "&connect=yes", None, "connect", "Invalid boolean: yes"),
    (GOOD + "&api_version=2000-01-01", None, "api_version", "Invalid api_version: must be one of 2011-01-01, "),
    ("url=&enabled_events[]=*", "parameter_invalid_empty", "url", "You passed an empty string for 'url'."),
    ("url[a]=b&enabled_events[]=*", None, "url", 'Invalid string: {"a": "b"}'),
    ("url=https://a.example/h&enabled_events=*", None, "enabled_events", "Invalid array"),
    ("url=https://a.example/h&enabled_events[2]=*", None, "enabled_events", "Invalid array"),
    (
        "url=https://a.example/h&enabled_events[]=",
        "parameter_invalid_empty",
        "enabled_events[0]",
        "You passed an empty",
    ),
    (
        "url=https://a.example/h&enabled_events[]=x",
        None,
        "enabled_events[0]",
        "Invalid enabled_events[0]: must be one of",
    ),
    (GOOD + "&metadata=flat", None, "metadata", "Invalid object"),
    (GOOD + "&url=https://b.example", None, "url", "Invalid request: url was given more than once."),
    (GOOD + "&url[x]=1", None, "url[x]", "Invalid request: url[x] is both a value and a container."),
    (GOOD + "&meta[data=1", None, "meta[data", "Invalid parameter name: meta[data"),
    (GOOD + "&m" + "[a]" * 40 + "=1", None, None, "Invalid parameter name: m[a]"),
    (GOOD + "&metadata[" + "k" * 41 + "]=v", None, "metadata", "Metadata keys can have up to 40 characters"),
    (GOOD + "&metadata[k]=" + "v" * 501, None, "metadata[k]", "Metadata values can have up to 500 characters"),
    (GOOD + "".join(f"&metadata[k{n}]=v" for n in range(51)), None, "metadata", "Metadata can have at most 50 keys"),
    ("url=ftp://a.example&enabled_events[]=*", "url_invalid", "url", "Invalid URL"),
    ("url=nowhere&enabled_events[]=*", "url_invalid", "url", "Invalid URL"),
    ("url=http://[::1&enabled_events[]=*", "url_invalid", "url", "Invalid URL"),
]


@pytest.mark.parametrize(("body", "code", "param", "words"), REFUSED)
def test_wrong_parameters_are_refused_as_stripe_does(
    box: SandboxProcess, body: str, code: str | None, param: str | None, words: str
) -> None:
    status, answer = post(box, body)
    error = answer["error"]
    assert (status, error["type"], error.get("code")) == (400, "invalid_request_error", code), error
    assert error["message"].startswith(words)
    assert param is None or error["param"] == param
    assert "doc_url" in error or code is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"url": "https://a.example"}', "application/json"),
        (b"url=%FF%FE&enabled_events[]=*", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"anything", "multipart/form-data"),
        (b"anything", "text/plain"),
        (b"&".join(b"a%d=1" % n for n in range(3000)), "application/x-www-form-urlencoded"),
    ],
)
def test_other_bodies_than_forms_are_refused(box: SandboxProcess, body: bytes, kind: str) -> None:
    status, answer = post(box, body, kind=kind)
    assert status == 400
    assert answer["error"]["message"].startswith("Invalid request (check that your POST content type is")


def test_multipart_fields_are_read_and_files_are_no_text(box: SandboxProcess) -> None:
    def part(name: str, value: str, extra: str = "") -> str:
        return f'--b\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{value}\r\n'

    kind = "multipart/form-data; boundary=b"
    good = part("url", "https://a.example/h") + part("enabled_events[]", "*") + "--b--\r\n"
    assert post(box, good, kind=kind)[0] == 200
    status, answer = post(box, part("url", "x", '; filename="x.png"') + good, kind=kind)
    assert (status, answer["error"]["param"]) == (400, "url")
    filed = part("url", "x", '; filename="x.png"') + part("enabled_events[]", "*") + "--b--\r\n"
    assert post(box, filed, kind=kind)[1]["error"]["message"] == "Invalid string: a file"
    assert box.traffic()[-1]["request_form"] == "url=x.png&enabled_events%5B%5D=%2A"


def test_an_empty_value_unsets_and_absence_leaves(box: SandboxProcess) -> None:
    endpoint = post(box, GOOD + "&description=d&metadata[a]=1&metadata[b]=2")[1]
    path = f"/v1/webhook_endpoints/{endpoint['id']}"
    assert post(box, "metadata[a]=&metadata[c]=3", path)[1]["metadata"] == {"b": "2", "c": "3"}
    assert post(box, "description=", path)[1]["description"] is None
    after = post(box, "metadata=", path)[1]
    assert (after["metadata"], after["url"]) == ({}, endpoint["url"])


def test_an_id_expands_to_its_object(box: SandboxProcess) -> None:
    account = make_account(box)["id"]
    path = f"/v1/accounts/{account}/capabilities"
    plain = box.api("GET", f"{path}/transfers")[1]
    assert plain["account"] == account
    one = box.api("GET", f"{path}/transfers", [("expand[]", "account")])[1]
    assert (one["account"]["id"], one["account"]["object"]) == (account, "account")
    many = box.api("GET", path, [("expand[0]", "data.account")])[1]
    assert {capability["account"]["id"] for capability in many["data"]} == {account}


def test_what_is_there_already_is_there_when_it_is_asked_for(issuer: Issuer) -> None:
    card = issuer.card()
    authorization = issuer.authorize(card["id"], 0)

    def asked(path: str, *expand: str) -> Any:
        given = [("expand[]", each) for each in expand]
        status, answer, _ = issuer.box.api("GET", path, given, account=issuer.account)
        assert status == 200, answer
        return answer

    assert asked(f"/v1/issuing/cards/{card['id']}", "cardholder") == card
    assert asked("/v1/issuing/authorizations", "data.card.cardholder")["data"] == [authorization]
    taken = issuer.force_capture(card["id"], 100)["id"]
    shown = asked(f"/v1/issuing/transactions/{taken}", "purchase_details", "card.cardholder")
    assert (shown["purchase_details"], shown["card"]) == (None, card)
    bank = f"/v1/accounts/{issuer.account}/external_accounts"
    one = asked(bank, "data.account")["data"][0]
    assert one["account"]["id"] == issuer.account
    assert asked(f"{bank}/{one['id']}", "account") == one


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("status", "This property cannot be expanded (status)."),
        ("nothing", "This property cannot be expanded (nothing)."),
        ("url", "This property cannot be expanded (url)."),
        (
            "account",
            "This property cannot be expanded (account). You may want to try expanding 'data.",
        ),
        ("data.account.a.b.c.d", "You cannot expand more than 4 levels of a property"),
    ],
)
def test_what_cannot_be_expanded_is_refused(box: SandboxProcess, path: str, words: str) -> None:
    account = make_account(box)["id"]
    status, body, _ = box.api("GET", f"/v1/accounts/{account}/capabilities", [("expand[]", path)])
    assert status == 400
    assert body["error"]["message"].startswith(words)


CAN = {
    "GET /v1/issuing/cards/{id}": ("cardholder", "cardholder.billing", "spending_controls.spending_limits", "wallets"),
    "GET /v1/issuing/cards": ("data", "data.cardholder", "data.replaced_by.cardholder", "data.shipping.address"),
    "POST /v1/issuing/cards/{id}": ("cardholder",),
    "GET /v1/issuing/authorizations": ("data.card.cardholder", "data.transactions.card", "data.request_history"),
    "GET /v1/issuing/transactions/{id}": ("purchase_details", "purchase_details.lodging", "merchant_data", "card"),
    "GET /v1/accounts/{id}": ("external_accounts", "external_accounts.data.account", "requirements.errors"),
    "GET /v1/balance": ("issuing", "available"),
    "GET /v1/events/{id}": ("request",),
}
CANNOT = {
    "GET /v1/issuing/cards/{id}": ("id", "status", "metadata", "metadata.a", "cardholder.email", "cardholder.metadata",
                                   "spending_controls.allowed_categories", "cardholder.number", "data.cardholder"),
    "GET /v1/issuing/cards": ("cardholder", "has_more", "url", "number", "data.number", "data.cvc"),
    "POST /v1/issuing/cards/{id}": ("number", "cvc"),
    "POST /v1/issuing/cards": ("number", "cvc"),
    "GET /v1/issuing/authorizations/{id}": ("card.number", "card.cvc", "approved", "verification_data.cvc_check"),
    "GET /v1/issuing/transactions/{id}": ("card.number", "amount"),
    "GET /v1/accounts/{id}": ("requirements.currently_due", "email", "object"),
}  # fmt: skip


def test_objects_and_their_lists_can_be_expanded_and_nothing_else() -> None:
    description = Description()

    def refused(name: str, path: str) -> bool:
        found = description.find(*name.split(" "))
        assert found
        try:
            expand.check(description, found[0], [path])
        except StripeError as error:
            return error.message.startswith(f"This property cannot be expanded ({path}).")
        return False

    assert [(name, path) for name, paths in CAN.items() for path in paths if refused(name, path)] == []
    assert [(name, path) for name, paths in CANNOT.items() for path in paths if not refused(name, path)] == []

"""Every parameter that the description names for accounts and persons, sent alone: taken or refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.wire.description import SPEC
from tests.sandbox.conftest import make_account
from tests.sandbox_process import SandboxProcess

SCHEMAS = json.loads(SPEC.read_text("utf-8"))
PATHS = SCHEMAS["paths"]
TEXTS = {
    "account_number": "000123456789",
    "country": "US",
    "currency": "usd",
    "date": "1700000000",
    "default_currency": "usd",
    "email": "a@example.com",
    "fiscal_year_end": "2025-12-31",
    "id_number": "000000000",
    "ip": "1.2.3.4",
    "line1": "1 Main St",
    "mcc": "4121",
    "month": "1",
    "day": "1",
    "year": "1990",
    "monthly_anchor": "1",
    "percent_ownership": "30",
    "phone": "0000000000",
    "postal_code": "78701",
    "routing_number": "110000000",
    "ssn_last_4": "0000",
    "support_email": "a@example.com",
    "support_phone": "0000000000",
    "support_url": "https://a.com",
    "tax_id": "000000000",
    "url": "https://a.com",
    "front": "file_identity_document_success",
    "back": "file_identity_document_success",
    "icon": "file_identity_document_success",
    "logo": "file_identity_document_success",
}


def forms(schema: dict[str, Any], name: str, leaf: str) -> Iterator[dict[str, str]]:
    """Forms that each give one thing below this parameter, with what that thing requires."""
    if "anyOf" in schema:
        for branch in schema["anyOf"]:
            yield from forms(branch, name, leaf)
    elif schema.get("type") == "object":
        yield from object_forms(schema, name)
    elif schema.get("type") == "array":
        yield from forms(schema["items"], f"{name}[0]", leaf)
    else:
        yield {name: value(schema, leaf)}


def object_forms(schema: dict[str, Any], name: str) -> Iterator[dict[str, str]]:
    known = schema.get("properties", {})
    if not known:
        yield {f"{name}[key]": "value"}
    required: dict[str, str] = {}
    for key in schema.get("required", ()):
        required |= next(forms(known[key], f"{name}[{key}]", key))
    for key, inner in known.items():
        for form in forms(inner, f"{name}[{key}]", key):
            yield {**required, **form}


def value(schema: dict[str, Any], leaf: str) -> str:
    if "enum" in schema:
        return str(schema["enum"][0])
    plain = {"boolean": "true", "integer": "1", "number": "1"}.get(schema.get("type", ""), "Text")
    return TEXTS.get(leaf, plain)


def parameters(path: str) -> list[dict[str, str]]:
    content = PATHS[path]["post"]["requestBody"]["content"]
    schema = next(iter(content.values()))["schema"]
    return [form for key, inner in schema["properties"].items() for form in forms(inner, key, key)]


@pytest.mark.parametrize("business_type", ["company", "individual"])
def test_every_parameter_of_an_account_is_taken_or_refused(box: SandboxProcess, business_type: str) -> None:
    account_id = make_account(box, business_type=business_type)["id"]
    statuses = set()
    for form in parameters("/v1/accounts/{id}"):
        status, answer, _ = box.api("POST", f"/v1/accounts/{account_id}", form)
        assert status in (200, 400), (form, answer)
        statuses.add(status)
    assert statuses == {200, 400}


def test_every_parameter_of_creation_is_taken_or_refused(box: SandboxProcess) -> None:
    for form in parameters("/v1/accounts"):
        status, answer, _ = box.api("POST", "/v1/accounts", form)
        assert status in (200, 400), (form, answer)


def test_every_parameter_of_a_person_is_taken_or_refused(box: SandboxProcess) -> None:
    account_id = make_account(box, business_type="company")["id"]
    for form in parameters("/v1/accounts/{id}/persons"):
        status, answer, _ = box.api("POST", f"/v1/accounts/{account_id}/persons", form)
        assert status in (200, 400), (form, answer)
        if status == 200:
            path = f"/v1/accounts/{account_id}/persons/{answer['id']}"
            assert box.api("POST", path, form)[0] == 200


def test_every_parameter_of_a_bank_account_is_taken_or_refused(box: SandboxProcess) -> None:
    account = make_account(box, external_account="btok_us")
    path = f"/v1/accounts/{account['id']}/external_accounts"
    bank_id = account["external_accounts"]["data"][0]["id"]
    for target, known in ((path, "/v1/accounts/{id}/external_accounts"), (f"{path}/{bank_id}", None)):
        for form in parameters(known or "/v1/accounts/{accountId}/external_accounts/{id}"):
            status, answer, _ = box.api("POST", target, form)
            assert status in (200, 400), (form, answer)

"""What staff may fill in, and what is sent of it."""

from typing import Any
from unittest.mock import ANY

import pytest

from accounts.account.forms import COUNTRIES, CreateAccountForm, create_params

GOOD = {"country": "US", "business_type": "company", "business_name": "Alder"}


def errors(**values: Any) -> dict[str, Any]:
    return dict(CreateAccountForm({**GOOD, **values}).errors)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"country": "ZZ"}, "country"),
        ({"country": ""}, "country"),
        ({"business_type": "llc"}, "business_type"),
        ({"business_name": ""}, "business_name"),
        ({"business_name": "x" * 256}, "business_name"),
        ({"business_name": "a\x07b"}, "business_name"),
        ({"business_name": "a\x00b"}, "business_name"),
        ({"business_name": "\ud800"}, "business_name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@" + "b" * 300 + ".example"}, "email"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"first_name": "Ann"}, "first_name"),
        ({"business_type": "individual", "company_name": "Ltd"}, "company_name"),
        ({"product_description": "short"}, "product_description"),
    ],
)
def test_bad_input_is_named_at_its_field(values: dict[str, Any], field: str) -> None:
    assert list(errors(**values)) == [field]


@pytest.mark.parametrize("name", ["Żółta Łódź", "李 & 王 <script>", 'O\'Neil "Q"', "🚲 Bikes", "=1+1"])
def test_any_script_and_sign_may_be_in_a_name(name: str) -> None:
    assert errors(business_name=name) == {}


def test_the_countries_are_those_that_the_mode_can_do(settings: Any) -> None:
    offered = {}
    for sandbox in (True, False):
        settings.SANDBOX = sandbox
        offered[sandbox] = [code for code, _ in CreateAccountForm().fields["country"].choices]
        assert errors(country="FR") == ({"country": ANY} if sandbox else {})
    assert offered == {True: ["US", "GB"], False: list(COUNTRIES)}


def test_only_what_was_given_is_sent() -> None:
    form = CreateAccountForm(GOOD)
    assert form.is_valid()
    params = create_params(form.cleaned_data, "op-1")
    assert set(params) == {"country", "business_type", "controller", "capabilities", "business_profile", "metadata"}
    assert params["controller"]["requirement_collection"] == "application"
    assert params["metadata"] == {"console_operation": "op-1"}

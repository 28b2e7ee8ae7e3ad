"""Addresses and telephone numbers that Stripe refuses at once, and those that it takes."""

import pytest

from sandbox.rules.formats import Context, faults
from sandbox.rules.places import STATES, is_state, phone_country

NOW = 1_795_197_600


@pytest.mark.parametrize(
    ("text", "country", "found"),
    [
        ("+1 (512) 555-0100", "US", "US"),
        ("512-555-0100", "US", "US"),
        ("+44 20 7946 0958", "US", "GB"),
        ("020 7946 0958", "GB", "GB"),
        ("+441534440000", "GB", "GB"),  # Jersey, in Britain's plan
        ("+1 416 555 0123", "US", "CA"),
        ("+4930123456", "US", "DE"),
        ("0000000000", "GB", ""),
        ("+1 000 000 0000", "US", ""),
        ("call me", "US", None),
        ("123", "US", None),
        ("1234567", "US", None),
        ("+1 123 456 7890", "US", None),
        ("+999 123456789", "US", None),
        ("512 555 01000", "US", None),
        ("020 7946 0958", "US", None),
    ],
)
def test_a_number_has_a_country_or_is_none(text: str, country: str, found: str | None) -> None:
    assert phone_country(text, country) == found


def test_states_are_fifty_and_one_by_letters_or_name() -> None:
    assert len(STATES) == 51
    assert all(map(is_state, ["TX", "tx", "Texas", "new york", "DC", *STATES]))
    assert not any(map(is_state, ["PR", "Puerto Rico", "GU", "VI", "AS", "MP", "ZZ", "Tejas", "ON", "AE"]))


def found(params: dict, country: str = "US") -> list[tuple[str, str | None]]:
    return [(fault.param, fault.code) for fault in faults(params, Context(country, NOW))]


@pytest.mark.parametrize("name", ["company", "individual"])
def test_an_address_is_judged_by_its_own_country(name: str) -> None:
    bad = {"state": "Ontario", "postal_code": "K1A 0B1"}
    both = [(f"{name}[address][state]", "state_unsupported"), (f"{name}[address][postal_code]", "postal_code_invalid")]
    assert found({name: {"address": bad}}) == both
    assert found({name: {"address": {**bad, "country": "US"}}}, "GB") == both
    assert found({name: {"address": {**bad, "country": "CA"}}}) == []
    assert found({name: {"address": bad}}, "GB") == []


def test_a_phone_is_of_the_accounts_country_or_of_where_a_person_lives() -> None:
    assert found({"company": {"phone": "+44 20 7946 0958"}}) == [("company[phone]", None)]
    assert found({"company": {"phone": "+1 512 555 0100"}}, "GB") == [("company[phone]", None)]
    assert found({"individual": {"phone": "+49 30 123456"}}) == [("individual[phone]", None)]
    assert found({"individual": {"phone": "+49 30 123456", "address": {"country": "DE"}}}) == []
    assert found({"business_profile": {"support_phone": "+44 20 7946 0958"}, "phone_number": "+4930123456"}) == []
    assert found({"phone_number": "12345"}) == [("phone_number", None)]
    assert found({"address": {"country": "ZZ"}}) == [("address[country]", "country_unsupported")]

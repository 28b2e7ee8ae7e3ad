"""What the forms of cardholders take and what they refuse, each with a sentence, before anything is sent."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.terms.forms import SecondField
from console.operations import fields
from console.operations.fields import Where
from console.operations.models import Operation
from console.operations.verbs import get
from gateway import clock
from issuing.cardholders import forms
from issuing.cardholders import verbs as cardholders_verbs
from issuing.cardholders.models import Cardholder
from tests.issuing import rows
from tests.issuing.acting import errors
from tests.issuing.conftest import HOLDER
from tests.people import ACCOUNT, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]


def cardholder_errors(**values: Any) -> dict[str, str]:
    return errors("create_cardholder", Where(ACCOUNT, address="9.9.9.9"), **{**HOLDER, **values})


def updated(row: Cardholder, **values: Any) -> Any:
    return get("issuing.update_cardholder").form(values, where=Where(ACCOUNT, row.pk, row=row))


@pytest.mark.parametrize(
    "name", ["Amara Okonkwo", "José Ibáñez", "J. R. O'Neill-Smith", "Łukasz Żak", "阿部 健", "Acme Co."]
)
def test_names_that_stripe_prints(name: str) -> None:
    assert cardholder_errors(name=name) == {}


@pytest.mark.parametrize("name", ["Agent 47", "A" * 25, "Smith & Sons", "me@example", "", "x\x00y", "-", "Amara  😀"])
def test_names_that_stripe_does_not_print(name: str) -> None:
    assert list(cardholder_errors(name=name)) == ["name"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "²"])
def test_a_moment_that_utc_does_not_have_is_none(moment: str) -> None:
    assert list(cardholder_errors(terms_date=moment)) == ["terms_date"]
    assert SecondField().clean("2026-11-24T01:30:00.5+02:00") == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["first_name", "last_name"])
def test_first_and_last_names_are_latin(name: str) -> None:
    assert "Latin" in cardholder_errors(**{name: "阿部"})[name]
    assert "Latin" in cardholder_errors(**{name: "R2"})[name]


@pytest.mark.parametrize("phone", ["+14155550123", "+4930123456"])
def test_phone_numbers_have_a_country_code(phone: str) -> None:
    assert cardholder_errors(phone_number=phone) == {}


@pytest.mark.parametrize("phone", ["4155550123", "+0123456789", "+1 415 555 0123", "+1415", "tel:+14155550123"])
def test_phone_numbers_without_one_are_refused(phone: str) -> None:
    assert "country code" in cardholder_errors(phone_number=phone)["phone_number"]


def test_whoever_is_too_young_is_refused_by_stripes_clock() -> None:
    today = clock.now().date()
    assert "13 years" in cardholder_errors(dob=today.replace(year=today.year - 12).isoformat())["dob"]
    assert "13 years" in cardholder_errors(dob=(today + timedelta(days=400)).isoformat())["dob"]
    assert cardholder_errors(dob="1990-02-03") == {}
    assert "dob" in cardholder_errors(dob="1990-02-30")


@pytest.mark.parametrize(
    "ip",
    ["10.0.0.1", "127.0.0.1", "192.168.1.1", "203.0.113.7", "224.0.0.1", "::1", "fe80::1", "8.8.8", "9.9.9.9", "x"],
)
def test_terms_are_accepted_from_the_holders_own_public_address(ip: str) -> None:
    assert list(cardholder_errors(terms_ip=ip)) == ["terms_ip"]


def test_an_acceptance_has_a_date_in_the_past_and_an_address() -> None:
    future = (clock.now() + timedelta(hours=1)).isoformat()
    assert "future" in cardholder_errors(terms_date=future)["terms_date"]
    assert "needs its date" in cardholder_errors(terms_date="")["terms_date"]
    assert "needs its IP" in cardholder_errors(terms_ip="")["terms_ip"]
    alone = cardholder_errors(terms_date="", terms_ip="", terms_user_agent="Firefox")
    assert list(alone) == ["terms_date", "terms_ip"]
    assert cardholder_errors(terms_date="", terms_ip="") == {}


def test_what_is_given_belongs_to_the_kind_of_cardholder() -> None:
    assert "company" in cardholder_errors(tax_id="12-3456789")["tax_id"]
    company = cardholder_errors(type="company", dob="1990-02-03")
    assert {"first_name", "last_name", "dob", "terms_date", "terms_ip"} == set(company)


def test_a_billing_address_is_whole() -> None:
    assert set(cardholder_errors(line1="", city="", postal_code="", country="")) == {
        "line1",
        "city",
        "postal_code",
        "country",
    }


# Updates


def test_an_update_leaves_what_is_empty_or_the_same() -> None:
    row = rows.cardholder()
    now = row.data["email"]
    form = updated(row, email=now, phone_number="+14155550123")
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"phone_number": "+14155550123"}


def test_an_update_of_nothing_is_refused_unless_it_was_sent_before() -> None:
    row = rows.cardholder()
    assert "Nothing would change" in str(updated(row, email=row.data["email"]).errors)
    token = uuid.uuid4().hex
    Operation.objects.create(verb="x", user=person("otto"), reason="r", key="k", form_token=token)
    assert updated(row, email=row.data["email"], form_token=token).is_valid()


def test_a_part_of_the_address_sends_it_whole() -> None:
    row = rows.cardholder()
    row.data["billing"] = {"address": {"line1": "1 Main", "city": "Joplin", "postal_code": "64804", "country": "CA"}}
    row.save()
    form = updated(row, line2="Flat 2")
    assert form.is_valid(), form.errors
    body = cardholders_verbs.cardholder_body(form.cleaned_data)
    assert body["billing"]["address"] == {
        "line1": "1 Main",
        "line2": "Flat 2",
        "city": "Joplin",
        "postal_code": "64804",
        "country": "CA",
    }
    assert ("CA", "CA") in form.fields["country"].choices


def at(**address: str) -> Cardholder:
    """A cardholder with more in the address."""
    row = rows.cardholder(phone_number="+14155550123")
    own = {"line1": "1 Main", "city": "Joplin", "state": "MO", "postal_code": "64804", "country": "US"}
    row.data["billing"] = {"address": own | address}
    row.save()
    return row


def test_a_part_that_an_address_may_lack_is_taken_off_and_the_rest_sent_whole() -> None:
    row = at(line2="Flat 2")
    for entries in ({}, forms.current(row), {**forms.current(row), "line2": ""}):
        form = updated(row, **entries, take_off=["line2"])
        assert form.is_valid(), form.errors
        address = cardholders_verbs.cardholder_body(form.cleaned_data)["billing"]["address"]
        assert address == {"line1": "1 Main", "city": "Joplin", "state": "MO", "postal_code": "64804", "country": "US"}


@pytest.mark.parametrize("name", ["line2", "state", "email", "phone_number", "line1", "country"])
def test_an_entry_that_is_emptied_takes_nothing_off_and_says_so(name: str) -> None:
    row = at(line2="Flat 2")
    form = updated(row, **{**forms.current(row), "city": "Webb City", name: ""})
    assert list(form.errors) == [name]
    assert ("--take-off" in str(form.errors)) == (name in ("line2", "state"))


def test_what_is_not_there_is_not_taken_off_and_nothing_is_both_changed_and_taken_off() -> None:
    assert "Nothing would change" in str(updated(at(), take_off=["line2"]).errors)
    assert "not both" in str(updated(at(line2="Flat 2"), take_off=["line2"], line2="Flat 3").errors)
    assert "not one of the available choices" in str(updated(at(), take_off=["email"]).errors)


# What is sent


def test_a_preview_shows_no_date_of_birth() -> None:
    body = cardholders_verbs.cardholder_body({"dob": fields.SHOWN_AS})
    assert body["individual"]["dob"] == dict.fromkeys(("year", "month", "day"), fields.SHOWN_AS)
    assert cardholders_verbs.cardholder_body({"dob": "1990-02-03"})["individual"]["dob"] == {
        "year": 1990,
        "month": 2,
        "day": 3,
    }


def test_moments_are_utc_where_they_name_no_zone() -> None:
    assert (
        cardholders_verbs.unix("2026-01-05T10:00:00")
        == cardholders_verbs.unix("2026-01-05T11:00:00+01:00")
        == 1_767_607_200
    )

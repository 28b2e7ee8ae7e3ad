"""What the forms take and what they refuse, each with a sentence, before anything is sent."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.account.models import Account
from accounts.terms.forms import MomentField
from console.operations import fields
from console.operations.fields import NOWHERE, Where
from console.operations.models import Operation
from console.operations.verbs import get
from gateway import clock
from issuing.authorizations.models import Authorization
from issuing.cardholders import verbs as cardholders_verbs
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from tests.issuing import rows
from tests.issuing.conftest import HOLDER
from tests.people import ACCOUNT, OTHER_ACCOUNT, known_accounts, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def accounts() -> None:
    known_accounts()


def errors(verb: str, where: Where = NOWHERE, **values: Any) -> dict[str, str]:
    """What is wrong with these entries, by field."""
    form = get(f"issuing.{verb}").form(values, where=where)
    return {name: " ".join(map(str, problems)) for name, problems in form.errors.items()}


def cardholder_errors(**values: Any) -> dict[str, str]:
    return errors("create_cardholder", Where(ACCOUNT, address="9.9.9.9"), **{**HOLDER, **values})


# Cardholders


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
    assert MomentField().clean("2026-11-24T01:30:00.5+02:00") == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


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


def updated(row: Cardholder, **values: Any) -> Any:
    return get("issuing.update_cardholder").form(values, where=Where(ACCOUNT, row.pk, row=row))


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


# Cards and purchases


def test_a_card_is_for_a_cardholder_of_this_account() -> None:
    own, others, blocked = rows.cardholder(), rows.cardholder(OTHER_ACCOUNT), rows.cardholder()
    Cardholder.every.filter(pk=blocked.pk).update(status="blocked")
    here = Where(ACCOUNT)
    assert errors("create_card", here, cardholder=own.pk) == {}
    for row_id in (others.pk, blocked.pk, "ich_nothing", ""):
        assert list(errors("create_card", here, cardholder=row_id)) == ["cardholder"]
    form = get("issuing.create_card").form(where=here)
    assert [value for value, _ in form.fields["cardholder"].widget.choices] == ["", own.pk]


def test_where_there_are_too_many_cardholders_the_id_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuing.cards.forms.MOST_CHOICES", 1)
    one, _ = rows.cardholder(), rows.cardholder()
    form = get("issuing.create_card").form({"cardholder": one.pk}, where=Where(ACCOUNT))
    assert form.fields["cardholder"].widget.input_type == "text"
    assert form.is_valid()


def test_a_purchase_is_with_a_card_of_this_account_that_was_not_canceled() -> None:
    own, others = rows.card(rows.cardholder()), rows.card(rows.cardholder(OTHER_ACCOUNT), account=OTHER_ACCOUNT)
    given = {"amount": "1", "merchant_name": "Rocket Rides"}
    assert errors("create_test_authorization", Where(ACCOUNT), card=own.pk, **given) == {}
    assert list(errors("create_test_authorization", Where(ACCOUNT), card=others.pk, **given)) == ["card"]
    Card.every.filter(pk=own.pk).update(status="canceled")
    assert list(errors("create_test_authorization", Where(ACCOUNT), card=own.pk, **given)) == ["card"]


@pytest.mark.parametrize(
    "amount", ["0", "-1", "0.001", "12.345", "1000000", "NaN", "Infinity", "1e9", "ten", "1.000,00", ""]
)
def test_amounts_are_above_zero_and_of_two_decimals(amount: str) -> None:
    assert list(errors("create_topup", Where(ACCOUNT), amount=amount)) == ["amount"]


@pytest.mark.parametrize(("amount", "minor"), [("0.01", 1), ("12.5", 1250), ("12.50", 1250), ("999999.99", 99_999_999)])
def test_amounts_are_sent_in_minor_units(amount: str, minor: int) -> None:
    assert errors("create_topup", Where(ACCOUNT), amount=amount) == {}
    assert body("create_topup", ACCOUNT, {"amount": amount})["amount"] == minor


def test_no_more_is_given_back_than_is_held() -> None:
    row = rows.authorization(rows.card(rows.cardholder()), amount=1250)
    Authorization.every.filter(pk=row.pk).update(amount=1250)
    here = Where(ACCOUNT, row.pk, row=row)
    assert "Only 12.50 USD" in errors("reverse_test_authorization", here, reverse_amount="12.51")["reverse_amount"]
    assert errors("reverse_test_authorization", here, reverse_amount="12.50") == {}
    assert errors("reverse_test_authorization", here) == {}


# What is sent


def body(verb: str, about: Any, values: dict[str, Any]) -> dict[str, Any]:
    """What a verb sends."""
    return get(f"issuing.{verb}").body(about, values)  # type: ignore[attr-defined]


def test_bodies_hold_only_what_was_given() -> None:
    assert cardholders_verbs.cardholder_body({"type": "individual", "name": "A B", "email": ""}) == {
        "type": "individual",
        "name": "A B",
    }
    Account.every.filter(pk=ACCOUNT).update(country="GB")
    assert body("create_card", ACCOUNT, {"cardholder": "ich_1"}) == {
        "cardholder": "ich_1",
        "currency": "gbp",
        "type": "virtual",
        "status": "inactive",
    }
    held = Authorization(currency="usd")
    assert body("capture_test_authorization", held, {}) == {}
    assert body("capture_test_authorization", held, {"capture_amount": "5", "keep_open": True}) == {
        "capture_amount": 500,
        "close_authorization": False,
    }
    assert body("reverse_test_authorization", held, {"reverse_amount": "5.00"}) == {"reverse_amount": 500}


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

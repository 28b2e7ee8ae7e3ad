"""What verification finds, by Stripe's test values (docs.stripe.com/connect/testing-verification)."""

import pytest

from tests.sandbox.stock import ADDRESS, BOSS, SOMEBODY, Stock, codes

SLOW = {**BOSS, "dob": {"day": 1, "month": 1, "year": 1901}, "id_number": "000000000"}
ADDRESS_CODE = "verification_failed_address_match"
FAILING_BIRTH = {"day": 2, "month": 3, "year": 1980}
DOCUMENT, PAPER = "verification.document", "verification.additional_document"


def test_delayed_verification_is_pending_and_then_active(stock: Stock) -> None:
    account = stock.company(SLOW, company={"tax_id": "000000000"})
    pending = account["requirements"]["pending_verification"]
    assert "company.tax_id" in pending
    assert any(key.endswith(".id_number") for key in pending)
    assert account["capabilities"] == {"card_issuing": "pending", "transfers": "pending"}
    assert account["requirements"]["disabled_reason"] == "requirements.pending_verification"
    assert stock.capability(account["id"])["requirements"]["disabled_reason"] == "pending.review"
    person = stock.v1.accounts.persons.list(account["id"]).data[0]
    assert person.verification.status == "pending"
    stock.advance("2s")
    after = stock.read(account["id"])
    assert after["capabilities"] == {"card_issuing": "active", "transfers": "active"}
    assert after["requirements"]["pending_verification"] == []


def test_verification_delay_is_a_setting(stock: Stock) -> None:
    stock.box.control("settings", {"verification_delay": 3600})
    account = stock.company(SLOW)
    stock.advance("59m")
    assert stock.read(account["id"])["capabilities"]["card_issuing"] == "pending"
    stock.advance("1m")
    assert stock.read(account["id"])["capabilities"]["card_issuing"] == "active"


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"dob": FAILING_BIRTH}, {DOCUMENT: "verification_failed_keyed_identity"}),
        ({"id_number": "111111111"}, {DOCUMENT: "verification_failed_id_number_match"}),
        (
            {"address": {**ADDRESS, "line1": "address_no_match"}},
            {PAPER: "verification_failed_residential_address"},
        ),
        (
            {"address": {**ADDRESS, "line1": "address_line1_no_match"}},
            {PAPER: "verification_failed_address_match"},
        ),
        (
            {"dob": FAILING_BIRTH, "address": {**ADDRESS, "line1": "address_no_match"}},
            {
                DOCUMENT: "verification_failed_keyed_identity",
                PAPER: "verification_failed_residential_address",
            },
        ),
    ],
)
def test_outcome_table_of_a_person(stock: Stock, change: dict, wanted: dict) -> None:
    account = stock.individual(**change)
    stock.advance("2s")
    account = stock.read(account["id"])
    assert codes(account) == {f"individual.{key}": code for key, code in wanted.items()}
    assert account["capabilities"]["card_issuing"] == "inactive"
    assert account["individual"]["verification"]["status"] == "unverified"
    assert set(account["individual"]["requirements"]["past_due"]) == set(wanted)


def test_failing_last_four_digits_ask_for_all_nine(stock: Stock) -> None:
    person = {name: value for name, value in SOMEBODY.items() if name != "id_number"}
    account = stock.account(business_type="individual", individual={**person, "ssn_last_4": "1111"})
    assert codes(account) == {"individual.id_number": "verification_failed_id_number_match"}
    after = stock.update(account["id"], individual={"id_number": "222222222"})
    assert codes(after) == {}
    after = stock.update(account["id"], individual={"id_number": "111111111"})
    stock.advance("2s")
    assert list(codes(stock.read(account["id"]))) == [f"individual.{DOCUMENT}"]


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("file_identity_document_success", "active", None),
        ("file_identity_document_failure", "inactive", "document_not_readable"),
    ],
)
def test_document_outranks_the_number(stock: Stock, token: str, status: str, code: str | None) -> None:
    account = stock.individual(id_number="111111111")
    stock.advance("2s")
    after = stock.update(account["id"], individual={"verification": {"document": {"front": token}}})
    assert f"individual.{DOCUMENT}" in after["requirements"]["pending_verification"]
    stock.advance("2s")
    after = stock.read(account["id"])
    assert after["capabilities"]["card_issuing"] == status
    assert after["individual"]["verification"]["document"]["details_code"] == code


def test_additional_document_settles_the_address(stock: Stock) -> None:
    account = stock.individual(address={**ADDRESS, "line1": "address_no_match"})
    front = {"front": "file_identity_document_success"}
    stock.update(account["id"], individual={"verification": {"additional_document": front}})
    stock.advance("2s")
    assert stock.read(account["id"])["capabilities"]["card_issuing"] == "active"


@pytest.mark.parametrize(
    ("company", "requirement", "code"),
    [
        ({"tax_id": "111111111"}, "company.tax_id", "verification_failed_tax_id_match"),
        ({"tax_id": "111111112"}, "company.tax_id", "verification_failed_tax_id_not_issued"),
        ({"name": "mismatch_business_name"}, "company.name", "verification_failed_name_match"),
        ({"name": "disallowed_name"}, "company.name", "invalid_company_name_denylisted"),
        ({"name": "match_name_only"}, "company.name", "verification_failed_keyed_match"),
        ({"address": {"line1": "address_no_match"}}, "company.address.line1", ADDRESS_CODE),
        (
            {"address": {"line1": "address_line1_no_match"}},
            "company.address.line1",
            "verification_failed_address_match",
        ),
        ({"address": {"line1": "P.O. Box 12"}}, "company.address.line1", "invalid_street_address"),
        ({"address": {"line1": "HC 61 Box 7"}}, "company.address.line1", "invalid_address_highway_contract_box"),
        ({"address": {"line1": "1 Main St PMB 4"}}, "company.address.line1", "invalid_address_private_mailbox"),
    ],
)
def test_test_values_of_a_company(stock: Stock, company: dict, requirement: str, code: str) -> None:
    account = stock.company()
    assert account["capabilities"]["card_issuing"] == "active"
    stock.update(account["id"], company=company)
    stock.advance("2s")
    after = stock.read(account["id"])
    assert codes(after)[requirement] == code
    assert requirement in after["requirements"]["past_due"]
    assert after["capabilities"]["card_issuing"] == "inactive"


@pytest.mark.parametrize("tax_id", ["000000000", "000000001"])
def test_good_tax_ids_verify_later(stock: Stock, tax_id: str) -> None:
    account = stock.company(company={"tax_id": tax_id})
    assert account["requirements"]["pending_verification"] == ["company.tax_id"]
    stock.advance("2s")
    assert stock.read(account["id"])["capabilities"]["card_issuing"] == "active"


@pytest.mark.parametrize("name", ["match_name_relationships"])
def test_good_test_names_verify(stock: Stock, name: str) -> None:
    assert stock.company(company={"name": name})["capabilities"]["card_issuing"] == "active"


def test_mismatching_tax_id_may_be_settled_by_a_document(stock: Stock) -> None:
    account = stock.company(company={"tax_id": "111111111"})
    stock.advance("2s")
    alternatives = stock.read(account["id"])["requirements"]["alternatives"]
    assert {
        "original_fields_due": ["company.tax_id"],
        "alternative_fields_due": ["company.verification.document"],
    } in alternatives
    front = {"front": "file_identity_document_success"}
    stock.update(account["id"], company={"verification": {"document": front}})
    stock.advance("2s")
    assert stock.read(account["id"])["capabilities"]["card_issuing"] == "active"


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("disallowed", "invalid_url_denylisted"),
        ("geoblocked", "invalid_url_website_inaccessible_geoblocked"),
        ("problem", "invalid_url_website_other"),
        ("missing", "invalid_url_website_incomplete"),
        ("mismatch", "invalid_url_website_business_information_mismatch"),
        ("passwordprotected", "invalid_url_website_inaccessible_password_protected"),
        ("underconstruction", "invalid_url_website_incomplete_under_construction"),
        ("inaccessible", "invalid_url_website_inaccessible"),
    ],
)
def test_test_websites(stock: Stock, host: str, code: str) -> None:
    account = stock.company(business_profile={"url": f"https://{host}.stripe.com"})
    assert codes(account) == {"business_profile.url": code}


@pytest.mark.parametrize(
    ("profile", "requirement", "code"),
    [
        ({"name": "disallowed_dba"}, "business_profile.name", "invalid_business_profile_name_denylisted"),
        ({"name": "invalid_dba"}, "business_profile.name", "invalid_business_profile_name"),
        ({"product_description": "require_url"}, "business_profile.url", "invalid_url_web_presence_detected"),
        (
            {"product_description": "short"},
            "business_profile.product_description",
            "invalid_product_description_length",
        ),
    ],
)
def test_test_values_of_the_profile(stock: Stock, profile: dict, requirement: str, code: str) -> None:
    assert codes(stock.company(business_profile=profile)) == {requirement: code}


def test_inactivity_website_pauses(stock: Stock) -> None:
    account = stock.company(business_profile={"url": "https://inactivity.stripe.com"})
    assert stock.capability(account["id"])["requirements"]["disabled_reason"] == "paused.inactivity"


def test_listed_birth_date_stops_everything(stock: Stock) -> None:
    account = stock.individual(dob={"day": 1, "month": 1, "year": 1900})
    assert account["requirements"]["disabled_reason"] == "listed"
    assert account["capabilities"] == {"card_issuing": "inactive", "transfers": "inactive"}
    assert (account["charges_enabled"], account["payouts_enabled"]) == (False, False)


def test_children_cannot_represent(stock: Stock) -> None:
    account = stock.individual(dob={"day": 1, "month": 1, "year": 2020})
    assert codes(account)["individual.dob.year"] == "invalid_dob_age_under_18"


def test_representative_lives_in_the_country_of_the_account(stock: Stock) -> None:
    account = stock.individual(address={**ADDRESS, "country": "FR"})
    assert codes(account)["individual.address.line1"] == "invalid_representative_country"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("mismatch_director", "verification_directors_mismatch"),
        ("missing_director", "verification_missing_directors"),
        ("extraneous_director", "verification_extraneous_directors"),
    ],
)
def test_test_names_of_directors(stock: Stock, name: str, code: str) -> None:
    account = stock.company({**BOSS, "first_name": name, "relationship": {**BOSS["relationship"], "director": True}})
    assert codes(account) == {"company.directors_provided": code}


def test_changed_tax_id_voids_the_terms(stock: Stock) -> None:
    account = stock.company()
    after = stock.update(account["id"], company={"tax_id": "000000000"})
    assert codes(after)["tos_acceptance.date"] == "invalid_tos_acceptance"
    assert after["settings"]["card_issuing"]["tos_acceptance"] == {"date": None, "ip": None}
    after = stock.update(account["id"], **stock.signed())
    assert codes(after) == {}

"""States of a company and an individual, step by step, by Stripe's test values."""

import pytest

from tests.sandbox.stock import ADDRESS, BOSS, COMPANY, PROFILE, SOMEBODY, Stock, codes
from tests.sandbox_process import SandboxProcess

SLOW = {**BOSS, "dob": {"day": 1, "month": 1, "year": 1901}, "id_number": "000000000"}
ADDRESS_CODE = "verification_failed_address_match"
FAILING_BIRTH = {"day": 2, "month": 3, "year": 1980}


@pytest.fixture
def stock(box: SandboxProcess) -> Stock:
    return Stock(box)


def test_company_step_by_step(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    due = stock.read(account_id)["requirements"]["past_due"]
    assert {"relationship.representative", "relationship.owner", "company.tax_id", "external_account"} <= set(due)

    person = stock.person(account_id, relationship={"representative": True, "title": "CEO"}, first_name="Jane")
    due = stock.read(account_id)["requirements"]["past_due"]
    assert "relationship.representative" not in due
    assert f"{person['id']}.dob.day" in due
    assert "dob.day" in person["requirements"]["past_due"]

    stock.v1.accounts.persons.update(account_id, person["id"], {**SOMEBODY, "relationship": {"owner": True}})
    stock.update(account_id, company=COMPANY, business_profile=PROFILE)
    due = stock.read(account_id)["requirements"]["past_due"]
    terms = {"settings.card_issuing.tos_acceptance.date", "settings.card_issuing.tos_acceptance.ip"}
    assert set(due) == {"external_account", "tos_acceptance.date", "tos_acceptance.ip", *terms}

    account = stock.update(account_id, settings=stock.signed()["settings"])
    assert account["capabilities"] == {"card_issuing": "active", "transfers": "inactive"}
    assert account["requirements"]["disabled_reason"] == "requirements.past_due"
    assert stock.capability(account_id)["requirements"]["past_due"] == []
    assert account["details_submitted"] is False

    account = stock.update(account_id, tos_acceptance=stock.signed()["tos_acceptance"])
    assert (account["details_submitted"], account["payouts_enabled"]) == (True, False)
    account = stock.update(account_id, external_account="btok_us")
    assert account["capabilities"] == {"card_issuing": "active", "transfers": "active"}
    assert account["payouts_enabled"] is True
    assert account["requirements"]["disabled_reason"] is None


def test_individual_is_verified_at_once_and_has_one_person(stock: Stock) -> None:
    account = stock.individual()
    assert account["capabilities"]["card_issuing"] == "active"
    assert account["individual"]["verification"]["status"] == "verified"
    persons = stock.v1.accounts.persons.list(account["id"]).data
    assert [person.id for person in persons] == [account["individual"]["id"]]


def test_keys_of_an_individual_are_prefixed_at_account_level_and_bare_at_the_person(stock: Stock) -> None:
    account = stock.account(business_type="individual", individual={"first_name": "Jane"})
    assert "individual.dob.day" in account["requirements"]["past_due"]
    assert "dob.day" in account["individual"]["requirements"]["past_due"]
    assert "individual.first_name" not in account["requirements"]["past_due"]


def test_last_four_digits_do_and_the_whole_number_is_due_eventually(stock: Stock) -> None:
    person = {name: value for name, value in SOMEBODY.items() if name != "id_number"}
    account = stock.account(
        business_type="individual",
        individual={**person, "ssn_last_4": "0000"},
        business_profile=PROFILE,
        external_account="btok_us",
        **stock.signed(),
    )
    assert account["capabilities"]["transfers"] == "active"
    assert account["requirements"]["eventually_due"] == ["individual.id_number"]
    assert account["requirements"]["currently_due"] == []


def test_non_profit_needs_no_owner(stock: Stock) -> None:
    account = stock.account(business_type="non_profit")
    assert "relationship.owner" not in account["requirements"]["past_due"]
    assert "relationship.representative" in account["requirements"]["past_due"]


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


DOCUMENT, PAPER = "verification.document", "verification.additional_document"


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
    assert account["capabilities"]["card_issuing"] == "inactive"


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


def test_demand_is_due_until_its_deadline_and_late_after_it(stock: Stock) -> None:
    account = stock.company()
    stock.act(account["id"], "require", keys=["company.structure"], deadline="6d")
    after = stock.read(account["id"])
    assert after["requirements"]["currently_due"] == ["company.structure"]
    assert after["requirements"]["past_due"] == []
    assert after["requirements"]["current_deadline"] == pytest.approx(stock.now() + 6 * 86400, abs=3)
    assert after["capabilities"]["card_issuing"] == "active"
    stock.advance("6d")
    after = stock.read(account["id"])
    assert after["requirements"]["past_due"] == ["company.structure"]
    assert after["capabilities"]["card_issuing"] == "inactive"
    after = stock.update(account["id"], company={"structure": "private_company"})
    assert after["capabilities"]["card_issuing"] == "active"


def test_account_deadline_is_the_earliest_of_its_capabilities(stock: Stock) -> None:
    account = stock.company()
    stock.act(account["id"], "require", keys=["company.structure"], deadline="6d", capabilities=["transfers"])
    stock.act(
        account["id"], "require", keys=["interv_1.url_inquiry.form"], deadline="9d", capabilities=["card_issuing"]
    )
    own = stock.read(account["id"])["requirements"]
    issuing = stock.capability(account["id"])["requirements"]
    assert own["current_deadline"] < issuing["current_deadline"]
    assert issuing["currently_due"] == ["interv_1.url_inquiry.form"]
    assert own["currently_due"] == ["company.structure", "interv_1.url_inquiry.form"]
    stock.act(account["id"], "pass_deadline")
    assert stock.read(account["id"])["requirements"]["past_due"] == own["currently_due"]
    stock.act(account["id"], "waive", keys=own["currently_due"])
    assert stock.read(account["id"])["capabilities"] == {"card_issuing": "active", "transfers": "active"}


def test_failed_verification_of_a_working_account(stock: Stock) -> None:
    account = stock.company()
    person_id = stock.v1.accounts.persons.list(account["id"]).data[0].id
    stock.act(account["id"], "fail_verification", person=person_id)
    assert codes(stock.read(account["id"])) == {f"{person_id}.{DOCUMENT}": "verification_failed_keyed_identity"}
    stock.v1.accounts.persons.update(
        account["id"], person_id, {"verification": {"document": {"front": "file_identity_document_success"}}}
    )
    stock.advance("2s")
    assert stock.read(account["id"])["capabilities"]["card_issuing"] == "active"


@pytest.mark.parametrize(
    ("reason", "own", "capability"),
    [
        ("under_review", "under_review", "pending.review"),
        ("rejected.fraud", "rejected.fraud", "rejected.other"),
        ("platform_paused", "platform_paused", "platform_paused"),
        ("rejected.inactivity", None, "rejected.inactivity"),
    ],
)
def test_blocks_speak_two_vocabularies(stock: Stock, reason: str, own: str | None, capability: str) -> None:
    account = stock.company()
    stock.act(account["id"], "disable", reason=reason)
    assert stock.read(account["id"])["requirements"]["disabled_reason"] == own
    shown = stock.capability(account["id"])
    assert (shown["status"], shown["requirements"]["disabled_reason"]) == ("inactive", capability)
    stock.act(account["id"], "enable")
    assert stock.capability(account["id"])["status"] == "active"


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"do": "dance"},
        {"do": "require"},
        {"do": "require", "keys": ["x"], "deadline": "soon"},
        {"do": "require", "keys": ["x"], "capabilities": ["flying"]},
        {"do": "disable", "reason": "boredom"},
        {"do": "disable", "reason": "other", "capability": "card_payments"},
        {"do": "fail_verification"},
        {"do": "fail_verification", "person": "person_x"},
    ],
)
def test_senseless_wishes_are_told_so(stock: Stock, wish: dict) -> None:
    account = stock.account()
    with pytest.raises(RuntimeError, match="400"):
        stock.box.control(f"accounts/{account['id']}", wish)


def test_application_that_stays_unverified_loses_its_issuing_terms(stock: Stock) -> None:
    account = stock.individual(dob=FAILING_BIRTH)
    stock.advance("59m")
    assert stock.read(account["id"])["settings"]["card_issuing"]["tos_acceptance"]["ip"]
    stock.advance("2m")
    after = stock.read(account["id"])
    assert after["settings"]["card_issuing"]["tos_acceptance"] == {"date": None, "ip": None}
    assert "settings.card_issuing.tos_acceptance.date" in after["requirements"]["past_due"]
    assert after["tos_acceptance"]["ip"]


def test_application_that_is_verified_in_time_keeps_its_terms(stock: Stock) -> None:
    account = stock.individual(dob=FAILING_BIRTH)
    stock.update(account["id"], individual={"dob": {"day": 1, "month": 1, "year": 1902}})
    stock.advance("2h")
    assert stock.read(account["id"])["capabilities"]["card_issuing"] == "active"


def test_unrequested_capability_previews_what_it_would_ask(stock: Stock) -> None:
    account = stock.company()
    shown = stock.capability(account["id"], "card_payments")
    assert (shown["status"], shown["requested"], shown["requested_at"]) == ("unrequested", False, None)
    assert shown["requirements"]["currently_due"] == ["business_profile.support_phone"]
    assert "card_payments" not in stock.read(account["id"])["capabilities"]


def test_card_payments_and_transfers_stand_and_fall_together(stock: Stock) -> None:
    account = stock.company()
    stock.v1.accounts.capabilities.update(account["id"], "card_payments", {"requested": True})
    after = stock.read(account["id"])["capabilities"]
    assert after == {"card_issuing": "active", "card_payments": "inactive", "transfers": "inactive"}
    after = stock.update(account["id"], business_profile={"support_phone": "0000000000"})
    assert set(after["capabilities"].values()) == {"active"}
    assert after["charges_enabled"] is True


def test_unrequested_again_leaves_the_account(stock: Stock) -> None:
    account = stock.company()
    shown = stock.v1.accounts.capabilities.update(account["id"], "transfers", {"requested": False})
    assert shown.status == "unrequested"
    assert stock.read(account["id"])["capabilities"] == {"card_issuing": "active"}


def test_british_company_needs_a_director(stock: Stock) -> None:
    account = stock.account(country="GB", business_type="company")
    assert "relationship.director" in account["requirements"]["past_due"]
    assert account["default_currency"] == "gbp"

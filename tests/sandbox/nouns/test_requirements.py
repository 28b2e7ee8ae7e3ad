"""States of a company and an individual, step by step, by Stripe's test values."""

from tests.sandbox.stock import COMPANY, PROFILE, SOMEBODY, Stock

FAILING_BIRTH = {"day": 2, "month": 3, "year": 1980}


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
    after = stock.read(account["id"])
    assert after["capabilities"]["card_issuing"] == "active"
    assert after["settings"]["card_issuing"] == account["settings"]["card_issuing"]
    assert account["settings"]["card_issuing"]["tos_acceptance"]["ip"]


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

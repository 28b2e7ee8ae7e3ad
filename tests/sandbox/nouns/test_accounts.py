"""Accounts: created, changed, rejected, deleted, through the stock client."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import stripe

from tests.sandbox.stock import BOSS, BOTH, CONTROLLER, Data, Stock, refusal


def test_new_account_is_past_due_without_a_deadline(stock: Stock) -> None:
    account = stock.account()
    requirements = account["requirements"]
    assert requirements["disabled_reason"] == "requirements.past_due"
    assert requirements["current_deadline"] is None
    assert requirements["past_due"] == requirements["currently_due"]
    assert "business_type" in requirements["past_due"]
    assert "representative.first_name" in requirements["past_due"]
    assert account["capabilities"] == {"card_issuing": "inactive", "transfers": "inactive"}
    assert (account["type"], account["details_submitted"]) == ("none", False)


def test_controller_reads_back_what_was_given(stock: Stock) -> None:
    assert stock.account()["controller"] == {**CONTROLLER, "is_controller": True, "type": "application"}


@pytest.mark.parametrize(
    ("kind", "payer", "collects"),
    [("custom", "application_custom", "application"), ("express", "application_express", "stripe")],
)
def test_deprecated_type_reads_back_with_its_controller(stock: Stock, kind: str, payer: str, collects: str) -> None:
    account = stock.v1.accounts.create({"type": kind, "country": "US"}).to_dict()
    assert account["type"] == kind
    assert account["controller"]["fees"]["payer"] == payer
    assert account["controller"]["requirement_collection"] == collects


def test_custom_by_type_may_request_issuing(stock: Stock) -> None:
    account = stock.v1.accounts.create({"type": "custom", "country": "US", "capabilities": BOTH}).to_dict()
    assert account["capabilities"]["card_issuing"] == "inactive"


@pytest.mark.parametrize("kind", ["express", "standard"])
def test_accounts_with_a_dashboard_cannot_request_issuing(stock: Stock, kind: str) -> None:
    error = refusal(lambda: stock.v1.accounts.create({"type": kind, "country": "US", "capabilities": BOTH}))
    assert (error.http_status, error.code) == (400, "capability_not_enabled")
    assert error.param == "capabilities[card_issuing][requested]"


def test_type_and_controller_together_are_refused(stock: Stock) -> None:
    error = refusal(lambda: stock.account(type="custom"))
    assert (error.http_status, error.param) == (400, "type")


def test_platform_that_is_not_onboarded_cannot_request_issuing(stock: Stock) -> None:
    stock.box.control("settings", {"issuing_onboarded": False})
    error = refusal(stock.account)
    assert (error.http_status, error.code) == (400, "capability_not_enabled")


def test_unsupported_country_is_refused_in_whose_name_it_is(stock: Stock) -> None:
    for country, words in (("FR", "The sandbox knows US and GB, and not FR."), ("ZZ", "Country 'ZZ' is unknown.")):
        error = refusal(lambda country=country: stock.account(country=country))
        assert (error.code, error.param, error.user_message) == ("country_unsupported", "country", words)


def test_a_business_is_in_the_country_of_its_account(stock: Stock) -> None:
    for country, elsewhere in (("US", "GB"), ("GB", "US")):
        account = stock.account(country=country, business_type="company")["id"]
        address = {"country": elsewhere, "line1": "1 Main Street"}
        error = refusal(lambda account=account, address=address: stock.update(account, company={"address": address}))
        assert (error.code, error.param) == ("account_country_invalid_address", "company[address][country]")
        own = {**address, "country": country}
        assert stock.update(account, company={"address": own})["company"]["address"]["country"] == country


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"email": "nobody"}, "email", "email_invalid"),
        ({"business_profile": {"url": "not a url"}}, "business_profile[url]", "url_invalid"),
        ({"business_profile": {"mcc": "12"}}, "business_profile[mcc]", None),
        ({"company": {"tax_id": "12"}}, "company[tax_id]", "tax_id_invalid"),
        ({"company": {"phone": "call me"}}, "company[phone]", None),
        ({"company": {"address": {"postal_code": "ABC"}}}, "company[address][postal_code]", "postal_code_invalid"),
        ({"tos_acceptance": {"date": 1, "ip": "1.2.3.4"}}, "tos_acceptance[date]", None),
        ({"tos_acceptance": {"date": 1700000000, "ip": "here"}}, "tos_acceptance[ip]", None),
        ({"tos_acceptance": {"date": 1700000000}}, "tos_acceptance[ip]", "parameter_missing"),
        (
            {"settings": {"card_issuing": {"tos_acceptance": {"ip": "1.2.3.4"}}}},
            "settings[card_issuing][tos_acceptance][date]",
            "parameter_missing",
        ),
        ({"individual": {"first_name": "Jane"}}, "individual", None),
        ({"external_account": "btok_nowhere"}, "external_account", "resource_missing"),
        ({"account_token": "ct_1"}, "account_token", "resource_missing"),
        ({"capabilities": {"treasury": {"requested": True}}}, "capabilities[treasury][requested]", None),
        (
            {"company": {"verification": {"document": {"front": "file_x"}}}},
            "company[verification][document][front]",
            "resource_missing",
        ),
    ],
)
def test_what_cannot_be_right_is_refused_and_changes_nothing(
    stock: Stock, params: dict, param: str, code: str | None
) -> None:
    before = stock.account(business_type="company")
    error = refusal(lambda: stock.update(before["id"], **params))
    assert (error.http_status, error.param, error.code) == (400, param, code)
    assert stock.read(before["id"]) == before


def test_platform_cannot_accept_terms_for_express_accounts(stock: Stock) -> None:
    account = stock.v1.accounts.create({"type": "express", "country": "US"})
    error = refusal(lambda: stock.update(account.id, tos_acceptance={"date": stock.now(), "ip": "1.2.3.4"}))
    assert "on behalf of Express and Standard" in str(error)


def test_metadata_merges_and_empty_unsets(stock: Stock) -> None:
    account = stock.account(
        metadata={"a": "1", "b": "2"}, business_type="company", company={"structure": "private_company"}
    )
    after = stock.update(account["id"], metadata={"a": "", "c": "3"}, company={"structure": ""})
    assert after["metadata"] == {"b": "2", "c": "3"}
    assert "structure" not in after["company"]
    assert stock.update(account["id"], metadata="")["metadata"] == {}


def test_secret_numbers_are_never_returned_nor_stored(stock: Stock) -> None:
    account = stock.company(company={"tax_id": "987654321"}, person={**BOSS, "id_number": "536214907"})
    assert account["company"]["tax_id_provided"] is True
    person = stock.v1.accounts.persons.list(account["id"]).data[0]
    assert (person.id_number_provided, person.ssn_last_4_provided) == (True, True)
    answers = json.dumps([record.get("response", record.get("event")) for record in stock.box.traffic()])
    everything = stock.box.store.read_bytes() + answers.encode()
    wal = stock.box.store.with_name(stock.box.store.name + "-wal")
    everything += wal.read_bytes() if wal.exists() else b""
    for number in (b"987654321", b"536214907", b"000123456789"):
        assert number not in everything


def test_accounts_are_listed_newest_first(stock: Stock) -> None:
    made = [stock.account()["id"] for _ in range(3)]
    assert [account.id for account in stock.v1.accounts.list({"limit": 3})] == made[::-1]


def test_deleted_account_is_gone_with_its_persons_bank_accounts_and_capabilities(stock: Stock) -> None:
    account = stock.company()
    assert kinds_of(stock, account["id"]) == {"person", "bank_account", "capability", "event"}
    answer = stock.v1.accounts.delete(account["id"])
    assert answer.to_dict() == {"id": account["id"], "object": "account", "deleted": True}
    error = refusal(lambda: stock.v1.accounts.retrieve(account["id"]))
    assert (error.http_status, error.json_body["error"]["code"]) == (403, "account_invalid")
    assert kinds_of(stock, account["id"]) == {"event"}


def kinds_of(stock: Stock, account_id: str) -> set[str]:
    """The kinds of objects that the store holds of the account."""
    copy = Path(stock.box.control("copy", {})["file"])
    with closing(sqlite3.connect(copy)) as database:
        rows = database.execute("SELECT DISTINCT kind FROM object WHERE account = ?", (account_id,)).fetchall()
    copy.unlink()
    return {kind for (kind,) in rows}


def test_account_sees_itself_and_no_other(stock: Stock) -> None:
    mine, other = stock.account(), stock.account()
    assert stock.read(mine["id"])["id"] == mine["id"]
    error = refusal(lambda: stock.v1.accounts.update(other["id"], {}, {"stripe_account": mine["id"]}))
    assert error.http_status == 403


def test_platform_reads_its_own_account(stock: Stock) -> None:
    own = stock.v1.accounts.retrieve_current()
    assert own.charges_enabled is True
    assert stock.v1.accounts.retrieve(own.id).id == own.id
    assert own.id not in [account.id for account in stock.v1.accounts.list()]


@pytest.mark.parametrize(
    ("reason", "disabled"),
    [
        ("fraud_other", "rejected.platform_fraud"),
        ("terms_of_service", "rejected.platform_terms_of_service"),
        ("credit", "rejected.platform_other"),
        ("other", "rejected.platform_other"),
    ],
)
def test_rejection_and_its_reversal(stock: Stock, reason: str, disabled: str) -> None:
    account = stock.company()
    rejected = stock.v1.accounts.reject(account["id"], {"reason": reason}).to_dict()
    assert rejected["requirements"]["disabled_reason"] == disabled
    assert rejected["payouts_enabled"] is False
    assert stock.capability(account["id"])["requirements"]["disabled_reason"] == "platform_disabled"
    back = stock.v1.accounts.unreject(account["id"]).to_dict()
    assert back["capabilities"]["card_issuing"] == "active"
    assert refusal(lambda: stock.v1.accounts.unreject(account["id"])).http_status == 400


def test_plain_fraud_is_no_reason_any_more(stock: Stock) -> None:
    account = stock.account()
    with pytest.raises(stripe.InvalidRequestError):
        stock.v1.accounts.reject(account["id"], {"reason": "fraud"})


def test_account_without_capabilities_must_request_some(stock: Stock) -> None:
    account = stock.v1.accounts.create({"controller": CONTROLLER, "country": "US"}).to_dict()
    assert account["requirements"]["disabled_reason"] == "action_required.requested_capabilities"


def test_future_requirements_become_requirements_at_their_deadline(stock: Stock) -> None:
    account = stock.account(business_type="company", email="x+enforce_future_requirements@example.com")
    future = account["future_requirements"]
    assert future["currently_due"] == ["company.structure"]
    assert future["current_deadline"] > stock.now()
    stock.advance("31d")
    after = stock.read(account["id"])
    assert after["future_requirements"]["currently_due"] == []
    assert "company.structure" in after["requirements"]["currently_due"]
    assert "company.structure" not in after["requirements"]["past_due"]
    stock.advance("15d")
    assert "company.structure" in stock.read(account["id"])["requirements"]["past_due"]


@pytest.mark.parametrize("version", ["2026-06-24.dahlia", "2024-06-20; issuing_x_beta=v1"])
def test_a_reason_that_an_older_version_knows_is_judged_by_it(stock: Stock, version: str) -> None:
    def reject(account: str, reason: str, version: str) -> tuple[int, Data]:
        path, headers = f"/v1/accounts/{account}/reject", {"Stripe-Version": version}
        return stock.box.api("POST", path, {"reason": reason}, headers=headers)[:2]

    account = stock.account()["id"]
    status, answer = reject(account, "fraud_other", version)
    assert (status, answer["error"]["param"]) == (400, "reason")
    assert answer["error"]["message"] == "Invalid reason: must be one of fraud, other, or terms_of_service"
    status, answer = reject(account, "fraud", version)
    assert (status, answer["requirements"]["disabled_reason"]) == (200, "rejected.platform_fraud")
    assert reject(account, "fraud", "2026-10-28.endive")[0] == 400
    assert reject(account, "fraud", "")[0] == 400

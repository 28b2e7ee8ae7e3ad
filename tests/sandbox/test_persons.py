"""Persons and bank accounts of an account, through the stock client."""

import pytest

from tests.sandbox.stock import BOSS, SOMEBODY, Stock, refusal
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def stock(box: SandboxProcess) -> Stock:
    return Stock(box)


def bank(number: str = "000123456789", **more: str) -> dict:
    numbers = {"routing_number": "110000000", "account_number": number}
    return {"object": "bank_account", "country": "US", "currency": "usd", **numbers, **more}


def test_persons_are_listed_by_relationship(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    boss = stock.person(account_id, **BOSS)
    owner = stock.person(account_id, first_name="Emma", relationship={"owner": True})
    persons = stock.v1.accounts.persons
    assert [person.id for person in persons.list(account_id)] == [owner["id"], boss["id"]]
    only = persons.list(account_id, {"relationship": {"representative": True}})
    assert [person.id for person in only] == [boss["id"]]


def test_representatives_are_one_at_a_time(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    boss = stock.person(account_id, **BOSS)
    error = refusal(lambda: stock.person(account_id, relationship={"representative": True}))
    assert (error.http_status, error.param) == (400, "relationship[representative]")
    stock.v1.accounts.persons.update(account_id, boss["id"], {"relationship": {"representative": True}})


def test_owner_of_a_quarter_is_asked_for_identity(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    person = stock.person(account_id, first_name="Emma", relationship={"percent_ownership": 25})
    assert "dob.day" in person["requirements"]["past_due"]
    small = stock.person(account_id, first_name="Anne", relationship={"percent_ownership": 24.5})
    assert small["requirements"]["past_due"] == []


def test_nobody_owning_much_is_declared_by_owners_provided(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    assert "relationship.owner" in stock.read(account_id)["requirements"]["past_due"]
    after = stock.update(account_id, company={"owners_provided": True})
    assert "relationship.owner" not in after["requirements"]["past_due"]


def test_deleted_person_leaves_a_gap(stock: Stock) -> None:
    account = stock.company()
    person_id = stock.v1.accounts.persons.list(account["id"]).data[0].id
    answer = stock.v1.accounts.persons.delete(account["id"], person_id).to_dict()
    assert answer == {"id": person_id, "object": "person", "deleted": True}
    after = stock.read(account["id"])
    assert {"relationship.owner", "relationship.representative"} <= set(after["requirements"]["past_due"])
    assert after["capabilities"]["card_issuing"] == "inactive"
    assert refusal(lambda: stock.v1.accounts.persons.retrieve(account["id"], person_id)).http_status == 404


def test_person_of_an_individual_cannot_be_deleted_nor_joined(stock: Stock) -> None:
    account = stock.individual()
    assert (
        refusal(lambda: stock.v1.accounts.persons.delete(account["id"], account["individual"]["id"])).http_status == 400
    )
    assert refusal(lambda: stock.person(account["id"], first_name="Emma")).http_status == 400


def test_person_of_another_account_is_not_there(stock: Stock) -> None:
    account, other = stock.company(), stock.account()
    person_id = stock.v1.accounts.persons.list(account["id"]).data[0].id
    error = refusal(lambda: stock.v1.accounts.persons.retrieve(other["id"], person_id))
    assert (error.http_status, error.code) == (404, "resource_missing")
    assert str(error).endswith(f"No such person: '{person_id}'")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"dob": {"day": 31, "month": 2, "year": 1990}}, "dob"),
        ({"dob": {"day": 1, "month": 1, "year": 2990}}, "dob"),
        ({"id_number": "12345678"}, "id_number"),
        ({"ssn_last_4": "12"}, "ssn_last_4"),
        ({"first_name": "R2D2"}, "first_name"),
        ({"email": "jane"}, "email"),
        ({"relationship": {"percent_ownership": 101}}, "relationship[percent_ownership]"),
        ({"address": {"country": "usa"}}, "address[country]"),
        ({"person_token": "cpt_1"}, "person_token"),
        ({"verification": {"document": {"back": "file_x"}}}, "verification[document][back]"),
    ],
)
def test_what_cannot_be_right_of_a_person_is_refused(stock: Stock, params: dict, param: str) -> None:
    account_id = stock.account(business_type="company")["id"]
    error = refusal(lambda: stock.person(account_id, **params))
    assert (error.http_status, error.param) == (400, param)
    assert stock.v1.accounts.persons.list(account_id).data == []


def test_empty_unsets_birth_date_and_aliases(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    person = stock.person(account_id, **SOMEBODY, full_name_aliases=["Emma"])
    after = stock.v1.accounts.persons.update(account_id, person["id"], {"dob": "", "full_name_aliases": ""}).to_dict()
    assert after["dob"] == {"day": None, "month": None, "year": None}
    assert after["full_name_aliases"] == []
    assert after["address"]["country"] == "US"


def test_bank_account_shows_no_number(stock: Stock) -> None:
    account_id = stock.account()["id"]
    made = stock.v1.accounts.external_accounts.create(account_id, {"external_account": bank()}).to_dict()
    assert (made["last4"], made["bank_name"], made["status"]) == ("6789", "STRIPE TEST BANK", "new")
    assert made["default_for_currency"] is True
    assert "account_number" not in made
    assert stock.read(account_id)["external_accounts"]["data"][0]["id"] == made["id"]


def test_same_numbers_have_the_same_fingerprint(stock: Stock) -> None:
    prints = [stock.account(external_account=bank())["external_accounts"]["data"][0]["fingerprint"] for _ in range(2)]
    assert prints[0] == prints[1]


def test_default_moves_and_only_others_can_be_deleted(stock: Stock) -> None:
    account_id = stock.account(external_account="btok_us")["id"]
    banks = stock.v1.accounts.external_accounts
    first = banks.list(account_id).data[0]
    second = banks.create(account_id, {"external_account": bank("000888888883")})
    assert (second.default_for_currency, second.available_payout_methods) == (False, ["standard"])
    assert refusal(lambda: banks.delete(account_id, first.id)).http_status == 400
    banks.update(account_id, second.id, {"default_for_currency": True, "metadata": {"a": "b"}})
    assert banks.retrieve(account_id, first.id).default_for_currency is False
    answer = banks.delete(account_id, first.id).to_dict()
    assert answer == {"id": first.id, "object": "bank_account", "deleted": True, "currency": "usd"}
    assert [left.id for left in banks.list(account_id)] == [second.id]
    assert refusal(lambda: banks.delete(account_id, second.id)).http_status == 400


def test_bank_account_given_to_the_account_replaces_the_default(stock: Stock) -> None:
    account = stock.account(external_account="btok_us")
    old = account["external_accounts"]["data"][0]["id"]
    after = stock.update(account["id"], external_account=bank("000222222227"))
    assert [left["last4"] for left in after["external_accounts"]["data"]] == ["2227"]
    assert refusal(lambda: stock.v1.accounts.external_accounts.retrieve(account["id"], old)).http_status == 404


def test_ownership_of_a_bank_account_may_be_asked_for(stock: Stock) -> None:
    account = stock.account(external_account=bank("000999999992"))
    due = account["external_accounts"]["data"][0]["requirements"]["currently_due"]
    assert due == ["documents.bank_account_ownership_verification.files"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (bank(routing_number="123456789"), "routing_number_invalid"),
        (bank("1"), "account_number_invalid"),
        (bank("000444444440"), "invalid_currency"),
        (bank(country="GB", routing_number="108800", currency="gbp"), "bank_account_unusable"),
        ("btok_nowhere", "resource_missing"),
    ],
)
def test_bad_bank_accounts_are_refused(stock: Stock, source: dict | str, code: str) -> None:
    account_id = stock.account()["id"]
    error = refusal(lambda: stock.v1.accounts.external_accounts.create(account_id, {"external_account": source}))
    assert (error.http_status, error.code) == (400, code)

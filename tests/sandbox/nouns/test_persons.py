"""Persons of an account, through the stock client."""

import pytest

from tests.sandbox.stock import BOSS, SOMEBODY, Stock, refusal


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

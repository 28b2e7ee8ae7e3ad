"""Bank accounts: what they show, which is the default, and which are refused."""

import pytest

from tests.sandbox.stock import Stock, refusal


def bank(number: str = "000123456789", **more: str) -> dict:
    numbers = {"routing_number": "110000000", "account_number": number}
    return {"object": "bank_account", "country": "US", "currency": "usd", **numbers, **more}


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

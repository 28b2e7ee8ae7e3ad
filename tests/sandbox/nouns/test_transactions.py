"""Issuing transactions: captures and refunds with and without an authorization."""

from typing import Any

import pytest

from tests.sandbox.issuer import Issuer, told
from tests.sandbox.stock import Data, refusal
from tests.sandbox_process import SandboxProcess

FUNDS = 1_000_00


@pytest.fixture
def issuer(box: SandboxProcess) -> Issuer:
    return Issuer(box, funds=FUNDS)


def captured(issuer: Issuer, amount: int = 100_00) -> Data:
    made = issuer.authorize(issuer.card()["id"], amount)["id"]
    booked: Data = issuer.act("capture", made)["transactions"][0]
    return booked


def test_a_force_capture_asks_nobody(issuer: Issuer) -> None:
    card = issuer.card(status="inactive")
    made = issuer.force_capture(card["id"], 2_000_00, merchant_data={"name": "Night Train"})
    assert (made["type"], made["amount"], made["authorization"]) == ("capture", -2_000_00, None)
    assert (made["card"], made["cardholder"]) == (card["id"], card["cardholder"]["id"])
    assert issuer.available() == FUNDS - 2_000_00
    assert [event["type"] for event in issuer.events("issuing_transaction")] == ["issuing_transaction.created"]


def test_an_unlinked_refund_gives_money_back(issuer: Issuer) -> None:
    helpers = issuer.v1.test_helpers.issuing.transactions
    given: Any = {"card": issuer.card()["id"], "amount": 50_00, "currency": "usd"}
    made = helpers.create_unlinked_refund(given, issuer.options)
    assert (made.type, made.amount, made.authorization, issuer.available()) == ("refund", 50_00, None, FUNDS + 50_00)


def test_a_refund_joins_its_authorization_and_never_exceeds_the_capture(issuer: Issuer) -> None:
    booked = captured(issuer)
    part = issuer.refund(booked["id"], refund_amount=40_00)
    assert (part["type"], part["amount"], part["authorization"]) == ("refund", 40_00, booked["authorization"])
    assert told(lambda: issuer.refund(booked["id"], refund_amount=60_01))[2] == "refund_amount"
    assert issuer.refund(booked["id"])["amount"] == 60_00
    for done in (booked["id"], part["id"]):
        assert refusal(lambda done=done: issuer.refund(done)).http_status == 400
    assert issuer.available() == FUNDS
    shown = issuer.authorization(booked["authorization"])
    assert [each["amount"] for each in shown["transactions"]] == [-100_00, 40_00, 60_00]


def test_a_force_capture_can_be_refunded(issuer: Issuer) -> None:
    made = issuer.force_capture(issuer.card()["id"], 10_00)
    assert issuer.refund(made["id"])["authorization"] is None
    assert issuer.available() == FUNDS


@pytest.mark.parametrize("amount", [0, -1, 10**20])
def test_amounts_that_cannot_be_are_refused(issuer: Issuer, amount: int) -> None:
    card = issuer.card()["id"]
    assert told(lambda: issuer.force_capture(card, amount))[2] == "amount"
    assert told(lambda: issuer.force_capture(card, 5, currency="gbp"))[2] == "currency"
    booked = issuer.force_capture(card, 5)["id"]
    assert told(lambda: issuer.refund(booked, refund_amount=amount))[2] == "refund_amount"


def test_ids_expand_to_whole_objects(issuer: Issuer) -> None:
    booked = captured(issuer)
    expand = ["authorization", "card", "cardholder", "balance_transaction.source"]
    shown = issuer.v1.issuing.transactions.retrieve(booked["id"], {"expand": expand}, issuer.options).to_dict()
    assert shown["authorization"]["card"]["cardholder"]["name"] == "Jane Austen"
    assert shown["authorization"]["transactions"][0]["id"] == booked["id"]
    assert shown["card"]["cardholder"] == shown["cardholder"]
    assert shown["balance_transaction"]["source"]["id"] == booked["id"]


def test_metadata_can_be_changed(issuer: Issuer) -> None:
    booked = captured(issuer)["id"]
    for _ in range(2):
        changed = issuer.v1.issuing.transactions.update(booked, {"metadata": {"receipt": "9"}}, issuer.options)
    assert changed.metadata.to_dict() == {"receipt": "9"}
    assert len(issuer.events("issuing_transaction.updated")) == 1


def test_lists_filter_by_all_that_stripe_offers(issuer: Issuer) -> None:
    booked = captured(issuer)
    back = issuer.refund(booked["id"])
    other = issuer.force_capture(issuer.card()["id"], 1)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [other["id"], back["id"], booked["id"]]),
        ({"type": "refund"}, [back["id"]]),
        ({"card": other["card"]}, [other["id"]]),
        ({"cardholder": booked["cardholder"], "type": "capture"}, [booked["id"]]),
        ({"created": {"lt": booked["created"]}}, []),
    ]
    for params, ids in cases:
        page = issuer.v1.issuing.transactions.list(params, issuer.options)  # type: ignore[arg-type]
        assert [each.id for each in page.data] == ids, params


def test_nobody_sees_another_accounts_transactions(box: SandboxProcess, issuer: Issuer) -> None:
    booked, other = captured(issuer)["id"], Issuer(box)
    assert told(lambda: other.refund(booked))[:2] == (404, "resource_missing")
    assert box.api("GET", f"/v1/issuing/transactions/{booked}", account=other.account)[0] == 404

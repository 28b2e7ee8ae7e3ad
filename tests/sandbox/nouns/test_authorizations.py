"""Authorizations from the swipe to their end: what they hold, what they tell, and every event they make."""

from typing import Any

import pytest

from tests.sandbox.issuer import Issuer, reason, told
from tests.sandbox.stock import Data, refusal
from tests.sandbox_process import SandboxProcess

FUNDS = 1_000_00


@pytest.fixture
def issuer(box: SandboxProcess) -> Issuer:
    return Issuer(box, funds=FUNDS)


def kinds(authorization: Data) -> list[tuple[str, int]]:
    return [(each["type"], each["amount"]) for each in authorization["balance_transactions"]]


def types(issuer: Issuer) -> list[str]:
    found = issuer.events("issuing_authorization") + issuer.events("issuing_transaction")
    return sorted(event["type"] for event in found)


def test_an_approved_authorization_holds_its_amount(issuer: Issuer) -> None:
    card = issuer.card()
    made = issuer.authorize(card["id"], 250_00, merchant_data={"category": "bakeries", "name": "Crumb & Co"})
    assert (made["approved"], made["status"], made["amount"]) == (True, "pending", 250_00)
    assert (reason(made), made["request_history"][0]["amount"]) == ("card_active", 250_00)
    assert made["request_history"][0]["authorization_code"][0] == "S"
    assert made["merchant_data"]["category_code"] == "5462"
    assert made["card"] == card
    assert kinds(made) == [("issuing_authorization_hold", -250_00)]
    assert issuer.available() == FUNDS - 250_00
    assert types(issuer) == ["issuing_authorization.created"]


def test_a_declined_authorization_is_no_error_and_holds_nothing(issuer: Issuer) -> None:
    card = issuer.card()["id"]
    made = issuer.authorize(card, 500_01)
    assert (made["approved"], made["status"], reason(made)) == (False, "closed", "spending_controls")
    assert made["request_history"][0]["authorization_code"] is None
    assert (made["balance_transactions"], issuer.available()) == ([], FUNDS)
    event = issuer.events("issuing_authorization")[-1]
    assert (event["type"], event["data"]["object"]["approved"]) == ("issuing_authorization.created", False)
    for verb in ("capture", "reverse", "expire"):
        assert refusal(lambda verb=verb: issuer.act(verb, made["id"])).http_status == 400


def test_each_state_of_account_card_and_cardholder_declines_with_its_reason(issuer: Issuer) -> None:
    holder = issuer.cardholder()["id"]
    card, canceled = issuer.card(holder)["id"], issuer.card(holder, status="inactive")["id"]
    assert reason(issuer.authorize(canceled)) == "card_inactive"
    issuer.change_card(canceled, status="canceled")
    assert reason(issuer.authorize(canceled)) == "card_canceled"
    assert reason(issuer.authorize(card, verification_data={"cvc_check": "mismatch"})) == "verification_failed"
    issuer.change_cardholder(holder, status="inactive")
    assert reason(issuer.authorize(card)) == "cardholder_inactive"
    issuer.change_cardholder(holder, status="active")
    issuer.stock.act(issuer.account, "disable", reason="rejected.other")
    assert reason(issuer.authorize(card)) == "account_disabled"
    issuer.stock.act(issuer.account, "enable")
    assert reason(issuer.authorize(card)) == "card_active"
    issuer.stock.advance("1900d")
    assert reason(issuer.authorize(card)) == "card_expired"


def test_with_an_empty_balance_every_authorization_is_declined(box: SandboxProcess) -> None:
    issuer = Issuer(box)
    assert reason(issuer.authorize(issuer.card()["id"], 1)) == "insufficient_funds"


def test_a_silent_limit_of_500_a_day_ends_at_midnight(issuer: Issuer) -> None:
    card = issuer.card()
    assert card["spending_controls"]["spending_limits"] == []
    assert issuer.authorize(card["id"], 500_00)["approved"]
    assert reason(issuer.authorize(card["id"], 1)) == "spending_controls"
    issuer.stock.advance("1d")
    assert issuer.authorize(card["id"], 1)["approved"]


def test_what_is_reversed_can_be_spent_again(issuer: Issuer) -> None:
    card = issuer.card()["id"]
    first = issuer.authorize(card, 500_00)["id"]
    issuer.act("reverse", first, reverse_amount=200_00)
    assert issuer.authorize(card, 200_00)["approved"]
    assert reason(issuer.authorize(card, 1)) == "spending_controls"


def test_a_capture_releases_the_hold_books_the_amount_and_makes_two_events(issuer: Issuer) -> None:
    made = issuer.authorize(issuer.card()["id"], 100_00)["id"]
    done = issuer.act("capture", made)
    assert (done["status"], done["amount"], done["approved"]) == ("closed", 100_00, True)
    (booked,) = done["transactions"]
    assert (booked["type"], booked["amount"], booked["authorization"]) == ("capture", -100_00, made)
    assert kinds(done) == [("issuing_authorization_hold", -100_00), ("issuing_authorization_release", 100_00)]
    assert issuer.available() == FUNDS - 100_00
    assert types(issuer) == [
        "issuing_authorization.created",
        "issuing_authorization.updated",
        "issuing_transaction.created",
    ]
    previous = issuer.events("issuing_authorization.updated")[0]["data"]["previous_attributes"]
    assert (previous["status"], previous["transactions"]) == ("pending", [])


@pytest.mark.parametrize(
    ("captures", "available", "status"),
    [
        ([{"capture_amount": 30_00}], FUNDS - 30_00, "closed"),
        ([{"capture_amount": 130_00}], FUNDS - 130_00, "closed"),
        ([{"capture_amount": 30_00, "close_authorization": False}], FUNDS - 100_00, "pending"),
        ([{"capture_amount": 130_00, "close_authorization": False}], FUNDS - 130_00, "pending"),
        ([{"capture_amount": 30_00, "close_authorization": False}, {}], FUNDS - 100_00, "closed"),
        ([{"capture_amount": 30_00, "close_authorization": False}, {"capture_amount": 20_00}], FUNDS - 50_00, "closed"),
        ([{}, {"capture_amount": 10_00}], FUNDS - 110_00, "closed"),
    ],
)
def test_captures_may_be_less_more_and_several(
    issuer: Issuer, captures: list[Data], available: int, status: str
) -> None:
    made = issuer.authorize(issuer.card()["id"], 100_00)["id"]
    for params in captures:
        done = issuer.act("capture", made, **params)
    assert (done["status"], issuer.available(), len(done["transactions"])) == (status, available, len(captures))


def test_a_card_that_was_canceled_since_does_not_stop_a_capture(issuer: Issuer) -> None:
    card = issuer.card()["id"]
    made = issuer.authorize(card, 100_00)["id"]
    issuer.change_card(card, status="canceled")
    assert issuer.act("capture", made)["transactions"][0]["amount"] == -100_00


def test_a_full_reversal_gives_all_back(issuer: Issuer) -> None:
    made = issuer.authorize(issuer.card()["id"], 100_00)["id"]
    done = issuer.act("reverse", made)
    assert (done["status"], done["amount"], issuer.available()) == ("reversed", 0, FUNDS)
    previous = issuer.events("issuing_authorization.updated")[0]["data"]["previous_attributes"]
    assert (previous["amount"], previous["status"]) == (100_00, "pending")
    assert "status `reversed`" in str(refusal(lambda: issuer.act("reverse", made)))


def test_a_partial_reversal_leaves_the_rest_pending(issuer: Issuer) -> None:
    made = issuer.authorize(issuer.card()["id"], 100_00)["id"]
    done = issuer.act("reverse", made, reverse_amount=40_00)
    assert (done["status"], done["amount"], issuer.available()) == ("pending", 60_00, FUNDS - 60_00)
    assert told(lambda: issuer.act("reverse", made, reverse_amount=60_01))[2] == "reverse_amount"


def test_an_authorization_expires_by_the_clock_and_can_still_be_captured(issuer: Issuer) -> None:
    made = issuer.authorize(issuer.card()["id"], 100_00)["id"]
    issuer.stock.advance("6d")
    assert issuer.authorization(made)["status"] == "pending"
    issuer.stock.advance("2d")
    expired = issuer.authorization(made)
    assert (expired["status"], expired["amount"], issuer.available()) == ("expired", 100_00, FUNDS)
    event = issuer.events("issuing_authorization.updated")[0]
    assert event["created"] - expired["created"] == 7 * 86400
    assert event["request"] == {"id": None, "idempotency_key": None}
    late = issuer.act("capture", made)
    assert (late["status"], issuer.available()) == ("closed", FUNDS - 100_00)


def test_expiry_can_be_asked_for(issuer: Issuer) -> None:
    made = issuer.authorize(issuer.card()["id"], 100_00)["id"]
    assert issuer.act("expire", made)["status"] == "expired"
    issuer.stock.advance("8d")
    assert len(issuer.events("issuing_authorization.updated")) == 1


def test_an_increment_is_decided_about_like_an_authorization(issuer: Issuer) -> None:
    limits = [{"amount": 300_00, "interval": "per_authorization"}]
    made = issuer.authorize(issuer.card(spending_controls={"spending_limits": limits})["id"], 100_00)["id"]
    more = issuer.act("increment", made, increment_amount=200_00)
    assert (more["amount"], more["request_history"][1]["amount"], issuer.available()) == (
        300_00,
        200_00,
        FUNDS - 300_00,
    )
    refused = issuer.act("increment", made, increment_amount=1)
    assert (refused["amount"], refused["approved"], refused["status"]) == (300_00, True, "pending")
    assert [entry["reason"] for entry in refused["request_history"]] == ["card_active"] * 2 + ["spending_controls"]
    issuer.act("capture", made)
    assert refusal(lambda: issuer.act("increment", made, increment_amount=1)).http_status == 400


def test_a_foreign_merchant_keeps_its_currency(issuer: Issuer) -> None:
    made = issuer.authorize(issuer.card()["id"], 110_00, merchant_amount=100_00, merchant_currency="EUR")
    assert (made["merchant_amount"], made["merchant_currency"], made["currency"]) == (100_00, "eur", "usd")
    halved = issuer.act("reverse", made["id"], reverse_amount=55_00)
    assert (halved["amount"], halved["merchant_amount"]) == (55_00, 50_00)
    booked = issuer.act("capture", made["id"])["transactions"][0]
    assert (booked["amount"], booked["merchant_amount"], booked["merchant_currency"]) == (-55_00, -50_00, "eur")


def test_everything_a_merchant_can_tell_is_shown_whole(issuer: Issuer) -> None:
    made = issuer.authorize(
        issuer.card()["id"],
        80_00,
        authorization_method="chip",
        amount_details={"cashback_amount": 10_00},
        fleet={"service_type": "self_service", "cardholder_prompt_data": {"odometer": 5}},
        fuel={"type": "diesel"},
        network_data={"acquiring_institution_id": "000019158600"},
        verification_data={"cvc_check": "match", "three_d_secure": {"result": "authenticated"}},
        wallet="apple_pay",
    )
    assert (made["card_presence"], made["wallet"]) == ("present", "apple_pay")
    assert made["fleet"]["cardholder_prompt_data"]["odometer"] == 5
    assert made["amount_details"] == {"atm_fee": None, "cashback_amount": 10_00}
    details = {
        "flight": {"passenger_name": "Jane", "segments": [{"carrier": "LH"}]},
        "fuel": {"quantity_decimal": "12.5"},
        "lodging": {"nights": 2},
        "receipt": [{"description": "Room", "quantity": "2", "total": 80_00}, {"quantity": "many"}],
        "fleet": {"purchase_type": "fuel_purchase"},
    }
    booked = issuer.act("capture", made["id"], purchase_details=details)["transactions"][0]
    assert booked["purchase_details"]["flight"]["segments"][0]["carrier"] == "LH"
    assert [line["quantity"] for line in booked["purchase_details"]["receipt"]] == [2, None]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a negative amount": ({"amount": -1}, "amount"),
    "an endless amount": ({"amount": 10**20}, "amount"),
    "a negative foreign amount": ({"merchant_amount": -1}, "merchant_amount"),
    "another currency": ({"currency": "eur"}, "currency"),
    "an unknown category": ({"merchant_data": {"category": "hotels_motels_resorts"}}, "merchant_data[category]"),
    "an unknown card": ({"card": "ic_1"}, "card"),
}


def test_an_authorization_that_cannot_be_is_refused(issuer: Issuer) -> None:
    card = issuer.card()["id"]
    given = {case: {"card": card, **params} for case, (params, _) in REFUSED.items()}
    got = {case: told(lambda params=params: issuer.authorize(**params))[::2] for case, params in given.items()}
    assert got == {case: (400, param) for case, (_, param) in REFUSED.items()}
    path = "/v1/test_helpers/issuing/authorizations"
    answer = issuer.box.api("POST", path, {"card": card}, account=issuer.account)[1]
    assert (answer["error"]["code"], answer["error"]["param"]) == ("parameter_missing", "amount")
    assert issuer.events("issuing_authorization") == []


def test_the_same_key_makes_one_hold(issuer: Issuer) -> None:
    card = issuer.card()["id"]
    first, second = (issuer.authorize(card, 100_00, key="swipe-1") for _ in range(2))
    assert first == second
    assert issuer.available() == FUNDS - 100_00
    assert refusal(lambda: issuer.authorize(card, 200_00, key="swipe-1")).http_status == 400
    assert types(issuer) == ["issuing_authorization.created"]


def test_metadata_can_be_changed_and_nothing_else(issuer: Issuer) -> None:
    made = issuer.authorize(issuer.card()["id"])["id"]
    changed = issuer.v1.issuing.authorizations.update(made, {"metadata": {"trip": "7"}}, issuer.options)
    assert changed.metadata.to_dict() == {"trip": "7"}
    path = f"/v1/issuing/authorizations/{made}"
    assert issuer.box.api("POST", path, {"amount": "1"}, account=issuer.account)[0] == 400
    event = issuer.events("issuing_authorization.updated")[0]
    assert event["data"]["previous_attributes"] == {"metadata": {"trip": None}}


def test_lists_filter_by_all_that_stripe_offers(issuer: Issuer) -> None:
    one, two = issuer.card(), issuer.card()
    first, second = issuer.authorize(one["id"])["id"], issuer.authorize(two["id"])["id"]
    issuer.act("capture", first)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [second, first]),
        ({"card": one["id"]}, [first]),
        ({"cardholder": two["cardholder"]["id"]}, [second]),
        ({"status": "closed"}, [first]),
        ({"status": "pending"}, [second]),
        ({"created": {"gt": two["created"] + 1000}}, []),
        ({"limit": 1}, [second]),
        ({"expand": ["data.cardholder"]}, [second, first]),
    ]
    for params, ids in cases:
        page = issuer.v1.issuing.authorizations.list(params, issuer.options)  # type: ignore[arg-type]
        assert [each.id for each in page.data] == ids, params
    assert page.data[0].cardholder.object == "issuing.cardholder"  # type: ignore[union-attr]


def test_nobody_sees_another_accounts_authorizations(box: SandboxProcess, issuer: Issuer) -> None:
    made, other = issuer.authorize(issuer.card()["id"])["id"], Issuer(box)
    for verb in ("capture", "reverse", "expire"):
        assert told(lambda verb=verb: other.act(verb, made))[:2] == (404, "resource_missing")
    assert told(lambda: other.authorization(made))[:2] == (404, "resource_missing")

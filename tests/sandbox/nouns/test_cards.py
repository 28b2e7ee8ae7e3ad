"""Cards: made, activated, deactivated, canceled for good, replaced, sent; their lists."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.rules.card_numbers import luhn
from tests.sandbox.conftest import listen
from tests.sandbox.issuer import Issuer, reason, told
from tests.sandbox.stock import refusal
from tests.sandbox_process import SandboxProcess
from tests.webhook_receiver import WebhookReceiver

SHIPPING = {
    "name": "Jane Austen",
    "address": {"line1": "1 Main Street", "city": "Austin", "state": "TX", "postal_code": "78701", "country": "US"},
}


def test_a_card_begins_inactive_and_shows_no_number(issuer: Issuer) -> None:
    holder = issuer.cardholder()
    made = issuer.v1.issuing.cards.create(
        {"cardholder": holder["id"], "currency": "USD", "type": "virtual"}, issuer.options
    ).to_dict()
    assert (made["status"], made["type"], made["currency"]) == ("inactive", "virtual", "usd")
    assert made["cardholder"] == holder
    assert len(made["last4"]) == 4
    assert not {"number", "cvc"} & set(made)


def test_a_card_goes_on_and_off_and_ends_for_good(issuer: Issuer) -> None:
    card = issuer.card(status="inactive")["id"]
    for status in ("active", "inactive", "active"):
        assert issuer.change_card(card, status=status)["status"] == status
    ended = issuer.change_card(card, status="canceled", cancellation_reason="lost")
    assert (ended["status"], ended["cancellation_reason"]) == ("canceled", "lost")
    for status in ("active", "inactive"):
        assert told(lambda status=status: issuer.change_card(card, status=status)) == (400, None, "status")
    assert issuer.change_card(card, status="canceled")["cancellation_reason"] == "lost"
    assert issuer.change_card(card, metadata={"why": "left in a cab"})["metadata"] == {"why": "left in a cab"}
    events = issuer.events("issuing_card.updated")
    assert [event["data"]["previous_attributes"] for event in events][:4] == [
        {"status": "inactive"},
        {"status": "active"},
        {"status": "inactive"},
        {"status": "active", "cancellation_reason": None},
    ]


def test_activation_needs_an_active_capability(issuer: Issuer) -> None:
    card = issuer.card(status="inactive")["id"]
    issuer.stock.act(issuer.account, "disable", reason="rejected.other")
    assert "capability is not active" in str(refusal(lambda: issuer.change_card(card, status="active")))
    assert issuer.change_card(card, status="canceled")["status"] == "canceled"
    assert "not set up" in str(refusal(lambda: issuer.card(card)))
    issuer.stock.act(issuer.account, "enable")
    assert issuer.card()["status"] == "active"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such cardholder": ({"cardholder": "ich_1"}, "cardholder"),
    "another currency": ({"currency": "eur"}, "currency"),
    "physical without shipping": ({"type": "physical"}, "shipping"),
    "virtual with shipping": ({"shipping": SHIPPING}, "shipping"),
    "a second line too long": ({"second_line": "x" * 25}, "second_line"),
    "a month that is none": ({"exp_month": 13}, "exp_month"),
    "a year that is past": ({"exp_year": 2020}, "exp_year"),
    "an unknown design": ({"personalization_design": "ipcd_1"}, "personalization_design"),
    "a financial account": ({"financial_account": "fa_1"}, "financial_account"),
    "canceled from the start": ({"status": "canceled"}, "status"),
    "an unknown card to replace": ({"replacement_for": "ic_1", "replacement_reason": "lost"}, "replacement_for"),
    "a replacement without a reason": ({"replacement_for": "ic_1"}, "replacement_reason"),
    "a reason without a card": ({"replacement_reason": "lost"}, "replacement_for"),
    "no payment at all": (
        {"lifecycle_controls": {"cancel_after": {"payment_count": 0}}},
        "lifecycle_controls[cancel_after][payment_count]",
    ),
    "the limits' currency": ({"spending_controls": {"spending_limits_currency": "usd"}},
                             "spending_controls[spending_limits_currency]"),
}  # fmt: skip


def test_a_card_that_cannot_be_is_refused(issuer: Issuer) -> None:
    holder = issuer.cardholder()["id"]
    given = {case: {"cardholder": holder, **params} for case, (params, _) in REFUSED.items()}
    got = {case: told(lambda params=params: issuer.card(**params))[::2] for case, params in given.items()}
    assert got == {case: (400, param) for case, (_, param) in REFUSED.items()}
    assert issuer.events("issuing_card.") == []


def test_a_card_needs_a_cardholder(issuer: Issuer) -> None:
    given = {"currency": "usd", "type": "virtual"}
    status, answer, _ = issuer.box.api("POST", "/v1/issuing/cards", given, account=issuer.account)
    assert (status, answer["error"]["code"], answer["error"]["param"]) == (400, "parameter_missing", "cardholder")


def test_a_reason_is_for_canceling_only(issuer: Issuer) -> None:
    card = issuer.card()["id"]
    assert told(lambda: issuer.change_card(card, cancellation_reason="lost"))[2] == "cancellation_reason"
    assert told(lambda: issuer.change_card(card, status="inactive", cancellation_reason="lost"))[0] == 400


def test_controls_merge_and_show_the_currency_of_their_limits(issuer: Issuer) -> None:
    limits = [{"amount": 100, "interval": "daily", "categories": ["bakeries"]}]
    card = issuer.card(spending_controls={"spending_limits": limits, "blocked_merchant_countries": ["RU"]})
    assert card["spending_controls"]["spending_limits"] == limits
    assert card["spending_controls"]["spending_limits_currency"] == "usd"
    changed = issuer.change_card(card["id"], spending_controls={"blocked_categories": ["florists"]})
    assert changed["spending_controls"]["spending_limits"] == limits
    assert changed["spending_controls"]["blocked_merchant_countries"] == ["RU"]
    both = {"allowed_categories": ["bakeries"]}
    assert told(lambda: issuer.change_card(card["id"], spending_controls=both))[0] == 400


def test_limits_are_replaced_as_a_whole(issuer: Issuer) -> None:
    limits = [{"amount": 100, "interval": "daily"}, {"amount": 900, "interval": "monthly"}]
    card = issuer.card(spending_controls={"spending_limits": limits, "allowed_categories": ["bakeries"]})["id"]
    changed = issuer.change_card(card, spending_controls={"spending_limits": [{"amount": 5, "interval": "weekly"}]})
    assert [each["amount"] for each in changed["spending_controls"]["spending_limits"]] == [5]
    assert changed["spending_controls"]["allowed_categories"] == ["bakeries"]


EVERY_CONTROL: dict[str, Any] = {
    "allowed_categories": ["bakeries"],
    "allowed_merchant_countries": ["US"],
    "allowed_card_presences": ["present"],
    "spending_limits": [{"amount": 90_000, "interval": "daily", "categories": ["bakeries"]}],
}
BLOCKING: dict[str, Any] = {
    "blocked_categories": ["bakeries"],
    "blocked_merchant_countries": ["US"],
    "blocked_card_presences": ["not_present"],
}
BAKERY = {"category": "bakeries", "country": "US"}


@pytest.mark.parametrize("kind", ["card", "cardholder"])
def test_an_empty_value_lifts_a_control_and_what_it_kept_away_is_there_again(issuer: Issuer, kind: str) -> None:
    def change(controls: Any) -> Any:
        changed = issuer.change_card(card, spending_controls=controls) if kind == "card" else None
        changed = changed or issuer.change_cardholder(holder, spending_controls=controls)
        return changed["spending_controls"]

    issuer.fund(200_000)
    holder = issuer.cardholder()["id"]
    card = issuer.card(holder)["id"]
    untouched = change({"blocked_categories": ["florists"]}) | {"blocked_categories": None}
    for controls in (EVERY_CONTROL, BLOCKING):
        change({"blocked_categories": ""} | controls)
        assert reason(issuer.authorize(card, 100, merchant_data=BAKERY)) == "spending_controls"
        assert change(dict.fromkeys(controls, "")) == untouched
        assert reason(issuer.authorize(card, 100, merchant_data=BAKERY)) == "card_active"
    assert change({"blocked_categories": ["florists"]})["blocked_categories"] == ["florists"]
    assert change({"blocked_categories": "", "allowed_categories": ["bakeries"]})["allowed_categories"] == ["bakeries"]


def test_a_lifted_limit_leaves_the_silent_default(issuer: Issuer) -> None:
    issuer.fund(200_000)
    card = issuer.card(spending_controls={"spending_limits": [{"amount": 90_000, "interval": "daily"}]})["id"]
    assert reason(issuer.authorize(card, 60_000)) == "card_active"
    lifted = issuer.change_card(card, spending_controls={"spending_limits": ""})["spending_controls"]
    assert (lifted["spending_limits"], lifted["spending_limits_currency"]) == ([], None)
    assert reason(issuer.authorize(card, 100)) == "spending_controls"


def test_a_change_of_controls_is_told_with_what_was_before(issuer: Issuer) -> None:
    card = issuer.card(spending_controls={"blocked_merchant_countries": ["RU"]})["id"]
    issuer.change_card(card, spending_controls={"blocked_merchant_countries": ["FR"]}, metadata={"desk": "4"})
    told_ = issuer.v1.events.list({"type": "issuing_card.updated"}, issuer.options).to_dict()["data"][0]
    before = told_["data"]["previous_attributes"]
    assert before["spending_controls"]["blocked_merchant_countries"] == ["RU"]
    assert set(before) == {"metadata", "spending_controls"}


def test_the_controls_of_a_canceled_card_stay(issuer: Issuer) -> None:
    card = issuer.card()["id"]
    issuer.change_card(card, status="canceled")
    assert told(lambda: issuer.change_card(card, spending_controls={"blocked_categories": ["florists"]}))[0] == 400


def test_a_damaged_card_is_replaced_under_its_number_and_ends_with_the_activation(issuer: Issuer) -> None:
    old = issuer.card()
    limited = {"spending_limits": [{"amount": 1000, "interval": "daily"}]}
    issuer.fund(5000)
    issuer.authorize(old["id"], 800)
    new = issuer.card(
        old["cardholder"]["id"], replacement_for=old["id"], replacement_reason="damaged", status="inactive",
        spending_controls=limited,
    )  # fmt: skip
    assert new["last4"] == old["last4"]
    card = issuer.v1.issuing.cards.retrieve(old["id"], {"expand": ["replaced_by"]}, issuer.options).to_dict()
    assert (card["status"], card["replaced_by"]["id"]) == ("active", new["id"])
    issuer.change_card(new["id"], status="active")
    assert issuer.change_card(old["id"])["status"] == "canceled"
    assert reason(issuer.authorize(new["id"], 300)) == "spending_controls"
    assert issuer.authorize(new["id"], 200)["approved"]
    assert told(lambda: issuer.card(replacement_for=old["id"], replacement_reason="damaged"))[2] == "replacement_for"


def test_a_lost_card_must_be_canceled_as_lost_before_it_is_replaced(issuer: Issuer) -> None:
    old = issuer.card()
    holder, given = old["cardholder"]["id"], {"replacement_for": old["id"], "replacement_reason": "lost"}
    assert told(lambda: issuer.card(holder, **given))[2] == "replacement_for"
    issuer.change_card(old["id"], status="canceled", cancellation_reason="lost")
    damaged = {**given, "replacement_reason": "damaged"}
    assert told(lambda: issuer.card(holder, **damaged))[2] == "replacement_for"
    assert told(lambda: issuer.card(issuer.cardholder()["id"], **given))[2] == "cardholder"
    assert issuer.card(holder, **given)["replacement_for"] == old["id"]


def test_a_card_ends_after_as_many_payments_as_it_may_make(issuer: Issuer) -> None:
    issuer.fund(5000)
    card = issuer.card(lifecycle_controls={"cancel_after": {"payment_count": 2}})["id"]
    assert [issuer.authorize(card, amount)["approved"] for amount in (0, 100, 100)] == [True] * 3
    assert reason(issuer.authorize(card, 100)) == "card_canceled"
    assert issuer.events("issuing_card.updated")[-1]["data"]["previous_attributes"] == {"status": "active"}


def test_a_physical_card_is_sent_by_the_test_helpers(issuer: Issuer) -> None:
    card = issuer.card(type="physical", status="inactive", shipping=SHIPPING)
    assert (card["shipping"]["status"], card["shipping"]["service"]) == ("pending", "standard")
    moved = issuer.change_card(card["id"], shipping={**SHIPPING, "service": "express"})
    assert moved["shipping"]["service"] == "express"
    helpers = issuer.v1.test_helpers.issuing.cards
    steps = [("submit", "submitted"), ("ship", "shipped"), ("deliver", "delivered"), ("return", "returned")]
    for step, status in steps:
        path = f"/v1/test_helpers/issuing/cards/{card['id']}/shipping/{step}"
        assert issuer.box.api("POST", path, account=issuer.account)[1]["shipping"]["status"] == status
    assert "returned" in str(refusal(lambda: helpers.ship_card(card["id"], {}, issuer.options)))
    assert told(lambda: issuer.change_card(card["id"], shipping=SHIPPING))[2] == "shipping"
    virtual = issuer.card()["id"]
    assert refusal(lambda: helpers.ship_card(virtual, {}, issuer.options)).http_status == 400
    assert told(lambda: issuer.change_card(virtual, shipping=SHIPPING))[2] == "shipping"


def test_lists_filter_by_all_that_stripe_offers(issuer: Issuer) -> None:
    one = issuer.card(exp_month=12, exp_year=2029)
    two = issuer.card(type="physical", status="inactive", shipping=SHIPPING)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [two["id"], one["id"]]),
        ({"cardholder": one["cardholder"]["id"]}, [one["id"]]),
        ({"status": "inactive"}, [two["id"]]),
        ({"type": "virtual"}, [one["id"]]),
        ({"exp_month": 12, "exp_year": 2029}, [one["id"]]),
        ({"last4": "x"}, []),
        ({"personalization_design": "ipcd_1"}, []),
        ({"created": {"gt": one["created"] + 1000}}, []),
    ]
    for params, ids in cases:
        page = issuer.v1.issuing.cards.list(params, issuer.options)  # type: ignore[arg-type]
        assert [each.id for each in page.data] == ids, params
    assert page.url == "/v1/issuing/cards"


def test_nobody_sees_another_accounts_cards(box: SandboxProcess, issuer: Issuer) -> None:
    card, other = issuer.card()["id"], Issuer(box)
    for method in ("GET", "POST"):
        status, answer, _ = box.api(method, f"/v1/issuing/cards/{card}", account=other.account)
        assert (status, answer["error"]["code"]) == (404, "resource_missing")
    assert told(lambda: other.authorize(card)) == (400, "resource_missing", "card")
    assert told(lambda: other.force_capture(card, 100)) == (400, "resource_missing", "card")


def secrets_of(issuer: Issuer, card: str) -> Any:
    given = {"expand": ["number", "cvc", "cardholder"]}
    shown = issuer.v1.issuing.cards.retrieve(card, given, issuer.options).to_dict()
    return shown.get("number"), shown.get("cvc")


def test_a_virtual_card_shows_its_test_number_to_who_asks_for_it(issuer: Issuer) -> None:
    card = issuer.card()
    number, cvc = secrets_of(issuer, card["id"])
    assert number.startswith("400000999")
    assert number.endswith(card["last4"])
    assert (len(number), luhn(number), len(cvc), cvc.isdigit()) == (16, True, 3, True)
    assert secrets_of(issuer, card["id"]) == (number, cvc)
    other = secrets_of(issuer, issuer.card()["id"])
    assert other != (number, cvc)
    only = issuer.v1.issuing.cards.retrieve(card["id"], {"expand": ["cvc"]}, issuer.options).to_dict()
    assert (only["cvc"], "number" in only) == (cvc, False)


def test_a_replacement_has_the_number_of_the_card_before_unless_that_was_lost(issuer: Issuer) -> None:
    holder = issuer.cardholder()["id"]
    first = issuer.card(holder)["id"]
    second = issuer.card(holder, replacement_for=first, replacement_reason="damaged")["id"]
    assert secrets_of(issuer, second)[0] == secrets_of(issuer, first)[0]
    issuer.change_card(second, status="canceled", cancellation_reason="lost")
    third = issuer.card(holder, replacement_for=second, replacement_reason="lost")["id"]
    assert secrets_of(issuer, third)[0] != secrets_of(issuer, first)[0]


def test_a_physical_card_has_no_number_to_show(issuer: Issuer) -> None:
    assert secrets_of(issuer, issuer.card(type="physical", shipping=SHIPPING)["id"]) == (None, None)


def test_a_number_is_in_no_list_no_event_no_record_and_no_store(issuer: Issuer, receiver: WebhookReceiver) -> None:
    listen(issuer.box, receiver.url)
    card = issuer.card()["id"]
    number, _ = secrets_of(issuer, card)
    issuer.change_card(card, metadata={"desk": "4"})
    shown = [
        each["response"]
        for each in issuer.box.traffic()
        if each.get("path", "").startswith(f"/v1/issuing/cards/{card}")
    ]
    assert [each["number"] for each in shown if "number" in each] == ["*" * 16]
    assert [each["cvc"] for each in shown if "cvc" in each] == ["***"]
    issuer.box.settled()
    told_ = [json.dumps(receiver.events()), json.dumps(issuer.events("issuing_card."))]
    lists = issuer.v1.issuing.cards.list({"expand": ["data.cardholder"]}, issuer.options).to_dict()
    assert not {"number", "cvc"} & set(lists["data"][0])
    assert [number in text for text in [*told_, json.dumps(lists), json.dumps(issuer.box.traffic())]] == [False] * 4
    copy = Path(issuer.box.control("copy", {})["file"])
    assert number.encode() not in copy.read_bytes()
    copy.unlink()


@pytest.mark.parametrize("country", ["GB", "DE"])
def test_a_cardholder_in_europe_needs_a_phone_before_a_card(issuer: Issuer, country: str) -> None:
    billing = {"address": {"line1": "1 High Street", "city": "Town", "postal_code": "10115", "country": country}}
    holder = issuer.cardholder(billing=billing)["id"]
    assert told(lambda: issuer.card(holder)) == (400, "cardholder_phone_number_required", "cardholder")
    issuer.change_cardholder(holder, phone_number="+442079460958")
    assert issuer.card(holder)["status"] == "active"
    assert issuer.card(issuer.cardholder()["id"])["status"] == "active"  # in the US


def test_a_card_is_sent_to_a_place_that_is_one(issuer: Issuer) -> None:
    for change, code, param in (
        ({"address": {**SHIPPING["address"], "state": "PR"}}, "state_unsupported", "shipping[address][state]"),
        ({"phone_number": "12345"}, None, "shipping[phone_number]"),
    ):
        given = {"type": "physical", "shipping": {**SHIPPING, **change}}
        assert told(lambda given=given: issuer.card(**given)) == (400, code, param)

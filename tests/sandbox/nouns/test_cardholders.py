"""Cardholders: what they need, what is refused, what keeps them from using cards, and their lists."""

from typing import Any

import pytest

from tests.sandbox.issuer import BILLING, Issuer, reason, told
from tests.sandbox.stock import refusal
from tests.sandbox_process import SandboxProcess


def test_an_individual_with_everything_given_has_no_requirements(issuer: Issuer) -> None:
    made = issuer.cardholder(email="jane@example.com", phone_number="+1 (512) 555-0100", metadata={"desk": "4"})
    assert made["requirements"] == {"disabled_reason": None, "past_due": []}
    assert (made["type"], made["status"], made["phone_number"]) == ("individual", "active", "+15125550100")
    assert made["individual"]["first_name"] == "Jane"
    assert made["individual"]["card_issuing"]["user_terms_acceptance"]["ip"] == "203.0.113.7"
    assert [event["type"] for event in issuer.events("issuing_")] == ["issuing_cardholder.created"]


def test_a_company_keeps_of_its_tax_id_only_that_it_was_given(issuer: Issuer) -> None:
    made = issuer.v1.issuing.cardholders.create(
        {"name": "Rocket Rides", "type": "company", "billing": BILLING, "company": {"tax_id": "000000000"}},
        issuer.options,
    ).to_dict()
    assert made["company"] == {"tax_id_provided": True}
    assert made["requirements"]["disabled_reason"] is None
    assert b"000000000" not in issuer.box.request("GET", "/v1/issuing/cardholders")[1]


def test_what_is_missing_is_past_due_until_it_is_given(issuer: Issuer) -> None:
    made = issuer.v1.issuing.cardholders.create({"name": "Jane Austen", "billing": BILLING}, issuer.options).to_dict()
    assert made["requirements"] == {
        "disabled_reason": "requirements.past_due",
        "past_due": [
            "individual.card_issuing.user_terms_acceptance.date",
            "individual.card_issuing.user_terms_acceptance.ip",
            "individual.first_name",
            "individual.last_name",
        ],
    }
    card = issuer.card(made["id"], status="inactive")["id"]
    error = refusal(lambda: issuer.change_card(card, status="active"))
    assert "outstanding requirements" in str(error)
    assert issuer.change_cardholder(made["id"], individual=issuer.person())["requirements"]["past_due"] == []
    assert issuer.change_card(card, status="active")["status"] == "active"
    event = issuer.events("issuing_cardholder.updated")[-1]
    assert event["data"]["previous_attributes"]["requirements"]["disabled_reason"] == "requirements.past_due"


def test_the_terms_can_be_left_out_where_a_setting_says_so(issuer: Issuer) -> None:
    issuer.box.control("settings", {"user_terms_required": False})
    made = issuer.cardholder(individual={"first_name": "Jane", "last_name": "Austen"})
    assert made["requirements"]["past_due"] == []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a name too long": ({"name": "J" * 25}, "name"),
    "a name with a number": ({"name": "Jane 2"}, "name"),
    "a name with a sign": ({"name": "Jane & Co"}, "name"),
    "a name without a letter": ({"name": "--"}, "name"),
    "no e-mail address": ({"email": "jane"}, "email"),
    "no phone number": ({"phone_number": "call me"}, "phone_number"),
    "no country": ({"billing": {"address": {**BILLING["address"], "country": "USA"}}}, "billing[address][country]"),
    "no ZIP code": (
        {"billing": {"address": {**BILLING["address"], "postal_code": "x"}}},
        "billing[address][postal_code]",
    ),
    "a child": ({"individual": {"dob": {"day": 1, "month": 1, "year": 2020}}}, "individual[dob]"),
    "a date that is none": ({"individual": {"dob": {"day": 31, "month": 2, "year": 1990}}}, "individual[dob]"),
    "a first name in Cyrillic": ({"individual": {"first_name": "Анна"}}, "individual[first_name]"),
    "a company's hash": ({"company": {"tax_id": "000000000"}}, "company"),
    "an unknown file": (
        {"individual": {"verification": {"document": {"front": "file_1"}}}},
        "individual[verification][document][front]",
    ),
    "terms without an address": (
        {"individual": {"card_issuing": {"user_terms_acceptance": {"date": 1_700_000_000}}}},
        "individual[card_issuing][user_terms_acceptance][ip]",
    ),
    "terms with a wrong address": (
        {"individual": {"card_issuing": {"user_terms_acceptance": {"date": 1_700_000_000, "ip": "here"}}}},
        "individual[card_issuing][user_terms_acceptance][ip]",
    ),
    "both lists of categories": (
        {"spending_controls": {"allowed_categories": ["bakeries"], "blocked_categories": ["florists"]}},
        "spending_controls[blocked_categories]",
    ),
    "a category that is none": (
        {"spending_controls": {"allowed_categories": ["hotels_motels_resorts"]}},
        "spending_controls[allowed_categories][0]",
    ),
    "a country that is none": (
        {"spending_controls": {"blocked_merchant_countries": ["Spain"]}},
        "spending_controls[blocked_merchant_countries]",
    ),
    "a negative limit": (
        {"spending_controls": {"spending_limits": [{"amount": -1, "interval": "daily"}]}},
        "spending_controls[spending_limits][0][amount]",
    ),
    "a limit in another currency": (
        {"spending_controls": {"spending_limits_currency": "eur"}},
        "spending_controls[spending_limits_currency]",
    ),
    "a status only Stripe gives": ({"status": "blocked"}, "status"),
}  # fmt: skip


def test_a_cardholder_that_cannot_be_is_refused(issuer: Issuer) -> None:
    got = {case: told(lambda params=params: issuer.cardholder(**params))[::2] for case, (params, _) in REFUSED.items()}
    assert got == {case: (400, param) for case, (_, param) in REFUSED.items()}
    assert issuer.events("issuing_cardholder") == []


def test_name_and_type_stay(issuer: Issuer) -> None:
    made = issuer.cardholder()["id"]
    for change in ({"name": "Emily Bronte"}, {"type": "company"}):
        path = f"/v1/issuing/cardholders/{made}"
        status, answer, _ = issuer.box.api("POST", path, change, account=issuer.account)
        assert (status, answer["error"]["code"]) == (400, "parameter_unknown")


def test_metadata_merges_and_unset_values_go(issuer: Issuer) -> None:
    made = issuer.cardholder(metadata={"a": "1", "b": "2"}, email="jane@example.com")["id"]
    assert issuer.change_cardholder(made, metadata={"a": "", "c": "3"})["metadata"] == {"b": "2", "c": "3"}
    assert issuer.change_cardholder(made, metadata={})["metadata"] == {"b": "2", "c": "3"}
    events = issuer.events("issuing_cardholder.updated")
    assert [event["data"]["previous_attributes"] for event in events] == [{"metadata": {"a": "1", "c": None}}]


def test_stripe_may_look_for_a_while_first(issuer: Issuer) -> None:
    issuer.box.control("settings", {"cardholder_delay": 5})
    issuer.fund(1000)
    made = issuer.cardholder()
    assert made["requirements"]["disabled_reason"] == "under_review"
    card = issuer.card(made["id"])["id"]
    assert reason(issuer.authorize(card)) == "cardholder_verification_required"
    issuer.stock.advance("6s")
    assert issuer.authorize(card)["approved"]


def test_a_blocked_cardholder_stays_blocked(issuer: Issuer) -> None:
    made = issuer.cardholder()["id"]
    card = issuer.card(made)["id"]
    inactive = issuer.card(made, status="inactive")["id"]
    issuer.box.control(f"cardholders/{made}", {"do": "block"})
    shown = issuer.v1.issuing.cardholders.retrieve(made, {}, issuer.options).to_dict()
    assert (shown["status"], shown["requirements"]["disabled_reason"]) == ("blocked", "rejected.listed")
    assert reason(issuer.authorize(card)) == "cardholder_blocked"
    assert told(lambda: issuer.change_cardholder(made, status="active"))[2] == "status"
    assert "blocked" in str(refusal(lambda: issuer.change_card(inactive, status="active")))
    with pytest.raises(RuntimeError, match="for good"):
        issuer.box.control(f"cardholders/{made}", {"do": "clear"})


def test_a_look_that_finds_nothing_ends(issuer: Issuer) -> None:
    made = issuer.cardholder()["id"]
    assert issuer.box.control(f"cardholders/{made}", {"do": "review"})["requirements"]["disabled_reason"]
    assert issuer.box.control(f"cardholders/{made}", {"do": "clear"})["requirements"]["disabled_reason"] is None
    for wrong in (("ich_1", {"do": "block"}), (made, {"do": "praise"}), (made, {})):
        with pytest.raises(RuntimeError, match="400"):
            issuer.box.control(f"cardholders/{wrong[0]}", wrong[1])


def test_lists_filter_by_all_that_stripe_offers(issuer: Issuer) -> None:
    jane = issuer.cardholder(email="jane@example.com", phone_number="+15125550100")["id"]
    firm = issuer.cardholder(name="Rocket Rides", type="company", individual={}, status="inactive")["id"]
    created = issuer.v1.issuing.cardholders.retrieve(jane, {}, issuer.options).created
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [firm, jane]),
        ({"email": "jane@example.com"}, [jane]),
        ({"phone_number": "+15125550100"}, [jane]),
        ({"status": "inactive"}, [firm]),
        ({"type": "company"}, [firm]),
        ({"created": {"lt": created}}, []),
        ({"limit": 1}, [firm]),
        ({"starting_after": firm}, [jane]),
    ]
    for params, ids in cases:
        page = issuer.v1.issuing.cardholders.list(params, issuer.options)  # type: ignore[arg-type]
        assert [each.id for each in page.data] == ids, params


def test_nobody_sees_another_accounts_cardholders(box: SandboxProcess, issuer: Issuer) -> None:
    made, other = issuer.cardholder()["id"], Issuer(box)
    path = f"/v1/issuing/cardholders/{made}"
    for method in ("GET", "POST"):
        status, answer, _ = box.api(method, path, account=other.account)
        assert (status, answer["error"]["code"]) == (404, "resource_missing")
        assert answer["error"]["message"] == f"No such issuing cardholder: '{made}'"
    assert told(lambda: other.card(made)) == (400, "resource_missing", "cardholder")


def test_issuing_is_refused_where_it_was_never_requested_or_is_not_active(box: SandboxProcess) -> None:
    issuer = Issuer(box)
    made = issuer.cardholder()["id"]
    without = issuer.stock.account(capabilities={"transfers": {"requested": True}})["id"]
    for account in (without, None):
        status, answer, _ = box.api("GET", "/v1/issuing/cardholders", account=account)
        assert (status, "not set up to use Issuing" in answer["error"]["message"]) == (400, True)
    issuer.stock.act(issuer.account, "disable", reason="rejected.other")
    assert "not set up" in str(refusal(issuer.cardholder))
    assert issuer.change_cardholder(made, status="inactive")["status"] == "inactive"

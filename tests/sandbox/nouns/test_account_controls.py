"""What Stripe would do to an account by itself, done by the sandbox's control."""

import pytest

from tests.sandbox.stock import Stock, codes

DOCUMENT = "verification.document"


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

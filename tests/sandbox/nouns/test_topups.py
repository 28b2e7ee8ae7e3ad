"""Top-ups: on their way, arrived, failed, canceled; and the European way, a bank transfer."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.nouns.funding import instructions
from sandbox.world.store import Store
from tests.referee.check_traffic import Checker
from tests.sandbox.conftest import make_account
from tests.sandbox.issuer import Issuer, told
from tests.sandbox.stock import refusal
from tests.sandbox_process import SandboxProcess


def names(issuer: Issuer) -> list[str]:
    return [event["type"] for event in issuer.events("topup")]


def test_a_topup_arrives_in_the_issuing_balance_after_its_delay(issuer: Issuer) -> None:
    issuer.box.control("settings", {"topup_delay": 3600})
    made = issuer.topup(50_00, description="For the spring", statement_descriptor="CARDS", metadata={"by": "ana"})
    assert (made["status"], made["balance_transaction"], issuer.available()) == ("pending", None, 0)
    assert made["expected_availability_date"] - made["created"] == 3600
    issuer.stock.advance("1h")
    done = issuer.v1.topups.retrieve(made["id"], {"expand": ["balance_transaction"]}, issuer.options).to_dict()
    assert (done["status"], issuer.available()) == ("succeeded", 50_00)
    moved = done["balance_transaction"]
    assert (moved["type"], moved["net"], moved["balance_type"], moved["source"]) == (
        "topup",
        50_00,
        "issuing",
        made["id"],
    )
    assert names(issuer) == ["topup.created", "topup.succeeded"]


def test_without_a_destination_it_goes_to_payments_and_is_pending_there(issuer: Issuer) -> None:
    made = issuer.v1.topups.create({"amount": 50_00, "currency": "usd"}, issuer.options)
    before = issuer.v1.balance.retrieve({}, issuer.options)
    issuer.stock.advance("3s")
    after = issuer.v1.balance.retrieve({}, issuer.options)
    assert (before.pending[0].amount, before.available[0].amount) == (50_00, 0)
    assert (after.pending[0].amount, after.available[0].amount, issuer.available()) == (0, 50_00, 0)
    assert made.status == "pending"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("btok_us_verified_insufficientFunds", "insufficient_funds"),
        ("btok_us_verified_noAccount", "no_account"),
        ("btok_us_verified_accountClosed", "account_closed"),
        ("btok_us_verified_debitNotAuthorized", "debit_not_authorized"),
    ],
)
def test_a_failing_source_brings_nothing(issuer: Issuer, source: str, code: str) -> None:
    made = issuer.topup(50_00, source=source)
    issuer.stock.advance("3s")
    done = issuer.v1.topups.retrieve(made["id"], {}, issuer.options)
    assert (done.status, done.failure_code, issuer.available()) == ("failed", code, 0)
    assert done.failure_message
    assert names(issuer) == ["topup.created", "topup.failed"]


def test_a_good_source_brings_the_money(issuer: Issuer) -> None:
    bank = issuer.stock.read(issuer.account)["external_accounts"]["data"][0]["id"]
    for source in ("btok_us_verified", bank):
        issuer.topup(50_00, source=source)
    issuer.stock.advance("3s")
    assert issuer.available() == 100_00


def test_only_what_is_on_its_way_can_be_canceled(issuer: Issuer) -> None:
    made = issuer.topup(50_00)["id"]
    assert issuer.v1.topups.cancel(made, {}, issuer.options).status == "canceled"
    issuer.stock.advance("3s")
    assert (issuer.available(), names(issuer)) == (0, ["topup.created", "topup.canceled"])
    assert "status `canceled`" in str(refusal(lambda: issuer.v1.topups.cancel(made, {}, issuer.options)))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"amount": 0}, "amount"),
    "too much": ({"amount": 10**20}, "amount"),
    "another currency": ({"currency": "eur"}, "currency"),
    "a long descriptor": ({"statement_descriptor": "x" * 16}, "statement_descriptor"),
    "an unknown source": ({"source": "src_1"}, "source"),
    "an unknown method": ({"payment_method": "pm_1"}, "payment_method"),
    "a third balance": ({"destination_balance": "savings"}, "destination_balance"),
}


def test_a_topup_that_cannot_be_is_refused(issuer: Issuer) -> None:
    given = {case: {"amount": 100, **params} for case, (params, _) in REFUSED.items()}
    got = {case: told(lambda params=params: issuer.topup(**params))[::2] for case, params in given.items()}
    assert got == {case: (400, param) for case, (_, param) in REFUSED.items()}
    without = issuer.stock.account(capabilities={"transfers": {"requested": True}})["id"]
    asked = {"amount": "100", "currency": "usd", "destination_balance": "issuing"}
    for account in (without, None):
        status, answer, _ = issuer.box.api("POST", "/v1/topups", asked, account=account)
        assert (status, answer["error"]["param"]) == (400, "destination_balance")


def test_description_and_metadata_can_be_changed(issuer: Issuer) -> None:
    made = issuer.topup(50_00)["id"]
    given: Any = {"description": "Spring", "metadata": {"a": "1"}}
    changed = issuer.v1.topups.update(made, given, issuer.options)
    assert (changed.description, changed.metadata.to_dict()) == ("Spring", {"a": "1"})


def test_lists_filter_by_all_that_stripe_offers(issuer: Issuer) -> None:
    small, large = issuer.topup(10_00)["id"], issuer.topup(50_00)["id"]
    issuer.v1.topups.cancel(small, {}, issuer.options)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [large, small]),
        ({"status": "canceled"}, [small]),
        ({"amount": 50_00}, [large]),
        ({"amount": {"gt": 10_00}}, [large]),
        ({"amount": {"gte": 10_00, "lt": 50_00}}, [small]),
        ({"created": {"lt": 1_000_000}}, []),
    ]
    for params, ids in cases:
        page = issuer.v1.topups.list(params, issuer.options)  # type: ignore[arg-type]
        assert [each.id for each in page.data] == ids, params


# Europe


def test_in_britain_a_bank_transfer_funds_the_balance(box: SandboxProcess) -> None:
    account = make_account(box, country="GB")["id"]
    helper, path = "/v1/test_helpers/issuing/fund_balance", "/v1/issuing/funding_instructions"
    answer = box.api("POST", helper, {"amount": "75000", "currency": "gbp"}, account=account)[1]
    asked = {"bank_transfer[type]": "gb_bank_transfer", "currency": "gbp", "funding_type": "bank_transfer"}
    assert box.api("POST", path, asked, account=account)[1] == answer
    assert answer["bank_transfer"]["financial_addresses"][0]["type"] == "sort_code"
    assert box.api("GET", path, account=account)[1]["data"] == [answer]
    balance = box.api("GET", "/v1/balance", account=account)[1]
    funded = {"amount": 75000, "currency": "gbp", "source_types": {"card": 75000}}
    assert balance["issuing"]["available"] == [funded]
    events = box.api("GET", "/v1/events", {"type": "balance.available"}, account=account)[1]["data"]
    assert [event["data"]["object"] for event in events] == [balance]
    for wrong in ({"bank_transfer[type]": "us_bank_transfer"}, {"currency": "usd"}):
        assert box.api("POST", path, {**asked, **wrong}, account=account)[0] == 400


def test_in_the_euro_countries_the_bank_details_are_an_iban(tmp_path: Path, referee: Checker) -> None:
    store = Store(tmp_path / "sandbox.sqlite3")
    shown = instructions(store, "acct_1", "eur")
    exchange = {
        "method": "POST",
        "path": "/v1/issuing/funding_instructions",
        "request_form": "bank_transfer[type]=eu_bank_transfer&currency=eur&funding_type=bank_transfer",
        "status": 200,
        "response": shown,
    }
    assert referee.exchange(exchange) == []
    assert shown["bank_transfer"]["financial_addresses"][0]["type"] == "iban"
    store.close()


def test_in_the_us_there_are_no_funding_instructions(issuer: Issuer) -> None:
    fund = {"amount": "100", "currency": "usd"}
    path = "/v1/test_helpers/issuing/fund_balance"
    status, answer, _ = issuer.box.api("POST", path, fund, account=issuer.account)
    assert (status, "Funding Instructions" in answer["error"]["message"]) == (400, True)

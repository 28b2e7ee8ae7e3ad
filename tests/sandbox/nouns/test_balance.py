"""Balances: available + held = funded - spent, at every moment and whatever happens."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from sandbox.nouns import discover
from sandbox.wire.api import Api, Request
from sandbox.wire.description import Description
from sandbox.wire.faults import Faults
from sandbox.wire.traffic import Traffic
from sandbox.world.store import Store
from sandbox.world.world import World
from tests.referee.check_traffic import Checker
from tests.sandbox.conftest import violations
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess

discover()
KEPT = 86_400  # seconds for which an idempotency key is remembered
HELPERS = "/v1/test_helpers/issuing"


@cache
def description() -> Description:
    return Description()


@cache
def checker() -> Checker:
    return Checker()


class Bench:
    """A sandbox without sockets, with one account whose card may spend all that is there."""

    def __init__(self) -> None:
        self.world, self.traffic = World(Store(":memory:")), Traffic()
        self.api = Api(self.world, description(), Faults(), self.traffic)
        with self.world.store.transaction():
            self.world.store.put("account", {"id": "acct_1", "country": "US"})
            issuing = {"id": "card_issuing", "requested": True, "status": "active"}
            self.world.store.put("capability", issuing, "acct_1")
        self.world.settings["topup_delay"] = 3_600  # longer than any test takes
        limits = "spending_controls[spending_limits][0]"
        address = {f"billing[address][{name}]": "x" for name in ("line1", "city")}
        country = {"billing[address][country]": "US", "billing[address][postal_code]": "78701"}
        holder = self.post("/v1/issuing/cardholders", name="Jane Austen", type="company", **address, **country)
        given = {f"{limits}[amount]": "99999999", f"{limits}[interval]": "daily", "cardholder": holder["id"]}
        self.card = self.post("/v1/issuing/cards", currency="usd", type="virtual", status="active", **given)["id"]

    def post(self, path: str, key: str = "", **params: Any) -> dict[str, Any]:
        return self.send("POST", path, "&".join(f"{name}={value}" for name, value in params.items()), key)

    def send(self, method: str, path: str, form: str = "", key: str = "") -> dict[str, Any]:
        headers = {"authorization": "Bearer sk_test_bench", "stripe-account": "acct_1", "idempotency-key": key}
        query, body = (form, b"") if method == "GET" else ("", form.encode())
        answer = self.api.answer(Request(method, path, query, headers, body))
        assert answer.status in (200, 400, 404), answer.body
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def each(self, kind: str) -> list[dict[str, Any]]:
        with self.world.store.transaction():
            return self.world.store.each(kind, "acct_1")


AMOUNTS, CLOSING = st.integers(min_value=1, max_value=400_00), st.sampled_from(["true", "false"])
STEPS = st.sampled_from([7_200, 100_000, 700_000])  # seconds: never exactly to a moment at which something falls due


class Books(RuleBasedStateMachine):
    """Everything that can happen to an account's money, in any order, beside the plainest of bookkeeping."""

    authorizations, captures, keys = Bundle("authorizations"), Bundle("captures"), Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.funded = self.spent = 0
        self.held: dict[str, int] = {}
        self.on_its_way: dict[str, int] = {}
        self.taken: dict[str, int] = {}
        self.by_key: dict[str, tuple[str, int]] = {}

    def teardown(self) -> None:
        lines = [json.loads(line) for line in self.bench.traffic.lines()]
        assert violations(checker(), lines) == []
        self.bench.world.store.close()

    @initialize()
    def begin_with_money(self) -> None:
        self.top_up(1_000_00)
        self.time_passes(7_200)

    @rule(amount=AMOUNTS)
    def top_up(self, amount: int) -> None:
        made = self.bench.post("/v1/topups", amount=amount, currency="usd", destination_balance="issuing")
        self.on_its_way[made["id"]] = amount

    @rule(target=authorizations, amount=AMOUNTS, key=st.sampled_from(["", "a", "b", "c"]))
    def authorize(self, amount: int, key: str) -> str:
        self.by_key = {name: kept for name, kept in self.by_key.items() if self.bench.world.now - kept[1] < KEPT}
        made = self.bench.post(f"{HELPERS}/authorizations", key, card=self.bench.card, amount=amount)
        if key in self.by_key:
            first = self.by_key[key][0]
            assert made.get("id", first) == first  # the same again, or an error: the key stood for another amount
            return first
        if made["approved"]:
            self.held[made["id"]] = amount
        if key:
            self.by_key[key] = (made["id"], made["created"])
        return str(made["id"])

    def act(self, verb: str, authorization: str, **params: Any) -> dict[str, Any]:
        return self.bench.post(f"{HELPERS}/authorizations/{authorization}/{verb}", **params)

    @rule(target=captures, authorization=authorizations, amount=st.none() | AMOUNTS, closing=CLOSING)
    def capture(self, authorization: str, amount: int | None, closing: str) -> str:
        before = self.held.get(authorization, 0)
        given = {} if amount is None else {"capture_amount": amount}
        done = self.act("capture", authorization, close_authorization=closing, **given)
        if "error" in done:
            return ""
        booked = done["transactions"][-1]
        taken = -booked["amount"]
        assert taken == amount if amount is not None else taken > 0
        self.spent += taken
        self.taken[booked["id"]] = taken
        self.held[authorization] = 0 if closing == "true" else max(before - taken, 0)
        return str(booked["id"])

    @rule(authorization=authorizations, amount=AMOUNTS)
    def increment(self, authorization: str, amount: int) -> None:
        done = self.act("increment", authorization, increment_amount=amount)
        if "error" not in done and done["request_history"][-1]["approved"]:
            self.held[authorization] += amount

    @rule(authorization=authorizations, amount=st.none() | AMOUNTS)
    def reverse(self, authorization: str, amount: int | None) -> None:
        given = {} if amount is None else {"reverse_amount": amount}
        if "error" not in self.act("reverse", authorization, **given):
            self.held[authorization] -= self.held[authorization] if amount is None else amount

    @rule(authorization=authorizations)
    def expire(self, authorization: str) -> None:
        if "error" not in self.act("expire", authorization):
            self.held[authorization] = 0

    @rule(amount=AMOUNTS)
    def force_capture(self, amount: int) -> None:
        self.bench.post(f"{HELPERS}/transactions/create_force_capture", card=self.bench.card, amount=amount)
        self.spent += amount

    @rule(transaction=consumes(captures))
    def refund(self, transaction: str) -> None:
        done = self.bench.post(f"{HELPERS}/transactions/{transaction or 'ipi_1'}/refund")
        if "error" not in done:
            self.spent -= self.taken.pop(transaction)

    @rule(seconds=STEPS)
    def time_passes(self, seconds: int) -> None:
        world = self.bench.world
        world.set_clock(world.now + seconds)
        for topup in self.bench.each("topup"):
            if topup["status"] == "succeeded":
                self.funded += self.on_its_way.pop(topup["id"], 0)
        for authorization in self.bench.each("issuing.authorization"):
            if authorization["status"] == "expired":
                self.held[authorization["id"]] = 0

    @invariant()
    def available_and_held_are_what_was_funded_and_not_spent(self) -> None:
        balance = self.bench.send("GET", "/v1/balance")["issuing"]["available"][0]["amount"]
        assert balance + sum(self.held.values()) == self.funded - self.spent

    @invariant()
    def the_balance_is_the_sum_of_its_transactions(self) -> None:
        balance = self.bench.send("GET", "/v1/balance")["issuing"]["available"][0]["amount"]
        moved = [each for each in self.bench.each("balance_transaction") if each["balance_type"] == "issuing"]
        assert balance == sum(each["net"] for each in moved)
        holds = [each["amount"] for each in moved if each["type"].startswith("issuing_authorization")]
        assert -sum(holds) == sum(self.held.values())

    @invariant()
    def one_key_has_one_authorization_as_long_as_it_is_kept(self) -> None:
        made: dict[str, int] = {}
        for event in self.bench.each("event"):
            key = event["request"]["idempotency_key"]
            if key and event["type"] == "issuing_authorization.created":
                assert event["created"] - made.get(key, 0) >= KEPT
                made[key] = event["created"]


def test_books_balance_over_any_life_of_an_account() -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Books, settings=settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=quiet)
    )


# Through the wire


def test_the_platform_and_accounts_have_balances_of_their_own(box: SandboxProcess) -> None:
    issuer = Issuer(box, funds=50_00)
    platform = issuer.v1.balance.retrieve().to_dict()
    own = issuer.v1.balance.retrieve({}, issuer.options).to_dict()
    assert (platform["available"][0]["amount"], "issuing" in platform) == (0, False)
    assert own["issuing"]["available"][0]["amount"] == 50_00
    without = issuer.stock.account(capabilities={"transfers": {"requested": True}})["id"]
    assert "issuing" not in box.api("GET", "/v1/balance", account=without)[1]


def test_balance_transactions_are_listed_by_all_that_stripe_offers(box: SandboxProcess) -> None:
    issuer = Issuer(box, funds=100_00)
    made = issuer.authorize(issuer.card()["id"], 40_00)["id"]
    issuer.act("capture", made)
    moved = issuer.balance_transactions()
    assert [(each["type"], each["net"]) for each in moved] == [
        ("issuing_transaction", -40_00),
        ("issuing_authorization_release", 40_00),
        ("issuing_authorization_hold", -40_00),
        ("topup", 100_00),
    ]
    assert sum(each["net"] for each in moved) == issuer.available() == 60_00
    assert [each["net"] for each in issuer.balance_transactions(source=made)] == [40_00, -40_00]
    assert [each["type"] for each in issuer.balance_transactions(type="topup")] == ["topup"]
    assert issuer.balance_transactions(currency="eur") == []
    assert len(issuer.balance_transactions(currency="USD")) == 4
    payout = box.api("GET", "/v1/balance_transactions", {"payout": "po_1"}, account=issuer.account)
    assert (payout[0], payout[1]["error"]["param"]) == (400, "payout")
    one = issuer.v1.balance_transactions.retrieve(moved[1]["id"], {"expand": ["source"]}, issuer.options).to_dict()
    assert (one["source"]["id"], one["source"]["status"]) == (made, "closed")
    assert box.api("GET", f"/v1/balance_transactions/{moved[0]['id']}")[0] == 404


@pytest.fixture
def mortal(tmp_path: Path) -> Any:
    with SandboxProcess(store=tmp_path / "sandbox.sqlite3") as process:
        yield process


def test_balances_holds_and_waiting_topups_survive_a_kill(mortal: SandboxProcess) -> None:
    issuer = Issuer(mortal, funds=100_00)
    made = issuer.authorize(issuer.card()["id"], 40_00, key="swipe-1")
    waiting = issuer.topup(7_00)["id"]
    mortal.kill()
    mortal.start()
    assert issuer.authorize(made["card"]["id"], 40_00, key="swipe-1") == made
    issuer.stock.advance("3s")
    assert issuer.v1.topups.retrieve(waiting, {}, issuer.options).status == "succeeded"
    assert (issuer.available(), issuer.authorization(made["id"])) == (67_00, made)
    issuer.stock.advance("8d")
    assert (issuer.available(), issuer.authorization(made["id"])["status"]) == (107_00, "expired")

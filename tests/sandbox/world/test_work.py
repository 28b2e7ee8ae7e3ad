"""What an act costs at a busy account: counted in steps of SQLite, not in seconds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import nouns
from sandbox.world.noun import ROUTES, Call
from sandbox.world.store import Store
from sandbox.world.world import World

MANY = 1500
HELPERS = "/v1/test_helpers/issuing/authorizations"
NONE = {f"{kind}_{name}": None for kind in ("allowed", "blocked")
        for name in ("categories", "merchant_countries", "card_presences")}  # fmt: skip
LIMITS = [{"amount": 90_000_000, "interval": each, "categories": None} for each in ("daily", "monthly", "all_time")]
HOLDER: dict[str, Any] = {
    "id": "ich_1",
    "status": "active",
    "requirements": {"disabled_reason": None},
    "spending_controls": {**NONE, "spending_limits": LIMITS, "spending_limits_currency": "usd"},
}
CARD = {
    "id": "ic_1", "object": "issuing.card", "status": "active", "exp_month": 11, "exp_year": 2099, "currency": "usd",
    "cardholder": "ich_1", "spending_controls": HOLDER["spending_controls"], "lifecycle_controls": None,
}  # fmt: skip


class Desk:
    """One account with one card and much money, worked on within this process."""

    def __init__(self, world: World) -> None:
        self.world = world
        with world.store.transaction():
            world.store.put("account", {"id": "acct_1", "country": "US"})
            world.store.put("capability", {"id": "card_issuing", "status": "active", "requested": True}, "acct_1")
            world.store.put("issuing.cardholder", HOLDER, "acct_1")
            world.store.put("issuing.card", CARD, "acct_1")
            world.store.put(
                "_balance", {"id": "balance", "issuing": {"usd": 10**9}, "payments": {}, "pending": {}}, "acct_1"
            )

    def post(self, path: str, params: dict[str, Any], **ids: str) -> dict[str, Any]:
        call = Call("POST", path, ids, params, "acct_1", self.world, "req_1", None, "", "sk_test_x")
        with self.world.store.transaction():
            return ROUTES["POST", path](call)

    def purchase(self) -> None:
        """Authorized, increased, captured, refunded; another one given back."""
        one, other = (self.post(HELPERS, {"card": "ic_1", "amount": 100})["id"] for _ in range(2))
        self.post(HELPERS + "/{id}/increment", {"increment_amount": 1}, id=one)
        captured = self.post(HELPERS + "/{id}/capture", {}, id=one)["transactions"][0]["id"]
        self.post("/v1/test_helpers/issuing/transactions/{id}/refund", {}, id=captured)
        self.post(HELPERS + "/{id}/reverse", {}, id=other)

    def work(self) -> int:
        """Steps of SQLite's machine that a purchase takes."""
        steps = [0]
        self.world.store.sql.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), 1)
        self.purchase()
        self.world.store.sql.set_progress_handler(None, 1)
        return steps[0]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    nouns.discover()
    store = Store(tmp_path / "world.sqlite3")
    yield Desk(World(store))
    store.close()


def test_a_purchase_costs_the_same_at_a_busy_account(desk: Desk) -> None:
    desk.purchase()
    quiet = desk.work()
    for _ in range(MANY):
        desk.post(HELPERS, {"card": "ic_1", "amount": 100})
    assert desk.work() <= quiet * 1.05

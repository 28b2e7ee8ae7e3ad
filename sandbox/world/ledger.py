"""The two balances of an account, and each change of them as a balance transaction.

A hold takes from `issuing.available` what its release gives back. So at any time available + open holds = funded -
spent, and each balance is the sum of its balance transactions.
"""

from typing import Any

from sandbox.world.store import Store
from sandbox.world.world import World, new_id

Data = dict[str, Any]


def balance(store: Store, account: str | None) -> Data:
    """`{"issuing": {currency: amount}, "payments": …, "pending": …}` in minor units; what is not there is 0."""
    found = store.get("_balance", "balance", account)
    return found or {"id": "balance", "issuing": {}, "payments": {}, "pending": {}}


def available(store: Store, account: str, currency: str) -> int:
    """What cards of the account can spend now, in minor units."""
    return int(balance(store, account)["issuing"].get(currency, 0))


def add(world: World, account: str | None, of: str, amount: int, currency: str) -> None:
    """Change one of the balances ("issuing", "payments", "pending") by `amount`, which may be negative."""
    held = balance(world.store, account)
    held[of][currency] = held[of].get(currency, 0) + amount
    world.store.put("_balance", held, account)


def move(
    world: World, account: str | None, kind: str, amount: int, currency: str, source: str | None, *, of: str
) -> Data:
    """Change the balance `of` ("issuing" or "payments") by `amount`; returns the balance transaction."""
    add(world, account, of, amount, currency)
    transaction = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": world.now,
        "balance_type": of,
        "created": world.now,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": kind,  # of these types the category has the type's name
        "source": source,
        "status": "available",
        "type": kind,
    }
    world.store.put("balance_transaction", transaction, account)
    return transaction

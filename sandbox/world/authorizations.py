"""What an authorization does to the balances: holds, releases, captures and refunds, with Stripe's events for each."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sandbox.rules.decision import Attempt, Spend, decide, looks_back_to
from sandbox.rules.merchants import purchase_details
from sandbox.world import ledger, spending
from sandbox.world.issuing import (
    AUTHORIZATION,
    CARD,
    TRANSACTION,
    issuing_status,
    put_card,
    read_card,
    show_authorization,
)
from sandbox.world.noun import diff
from sandbox.world.world import World, new_id, public

Data = dict[str, Any]


def ask(world: World, authorization: Data, amount: int, account: str) -> bool:
    """Decide about `amount` more for this authorization with all that is true now, and note it in its history."""
    card = read_card(world.store, authorization["card"], account)
    attempt = Attempt(
        amount=amount,
        now=world.now,
        card=card,
        category=authorization["merchant_data"]["category"],
        country=authorization["merchant_data"]["country"] or "",
        presence=authorization["card_presence"],
        available=ledger.available(world.store, account, authorization["currency"]),
        issuing=issuing_status(world.store, account),
        checks=authorization["verification_data"],
        so_far=authorization["_held"] + authorization["_captured"],
        spent=spending.since(world.store, account, authorization["cardholder"], looks_back_to(card, world.now)),
    )
    approved, reason = decide(attempt)
    authorization["request_history"].append(_request(world, authorization, amount, approved=approved, reason=reason))
    return approved


def _request(world: World, authorization: Data, amount: int, *, approved: bool, reason: str) -> Data:
    return {
        "amount": amount,
        "amount_details": authorization["amount_details"],
        "approved": approved,
        "authorization_code": f"S{secrets.randbelow(10**6):06d}" if approved else None,
        "created": world.now,
        "currency": authorization["currency"],
        "merchant_amount": merchants(authorization, amount),
        "merchant_currency": authorization["merchant_currency"],
        "network_risk_score": None,
        "reason": reason,
        "reason_message": None,
        "requested_at": world.now,
    }


def merchants(authorization: Data, amount: int) -> int:
    """`amount` in the merchant's currency, at the rate that the authorization was asked for."""
    rate: float = authorization["_rate"]
    return round(amount * rate)


def _note_spend(world: World, authorization: Data, account: str) -> None:
    """Count what the authorization takes by now beyond what it took as it is stored."""
    old = world.store.get(AUTHORIZATION, authorization["id"], account)
    amount = _taken(authorization) - (_taken(old) if old else 0)
    if amount:
        card = world.store.get(CARD, authorization["card"], account) or {}
        first, category = str(card.get("_first", authorization["card"])), authorization["merchant_data"]["category"]
        spend = Spend(first, amount, authorization["created"], category)
        spending.add(world.store, account, authorization["cardholder"], spend)


def _taken(authorization: Data) -> int:
    return int(authorization["_held"] + authorization["_captured"]) if authorization["approved"] else 0


def hold(world: World, authorization: Data, amount: int, account: str) -> None:
    """Take `amount` from what cards can spend; a negative amount gives it back."""
    if not amount:
        return
    kind = "issuing_authorization_hold" if amount > 0 else "issuing_authorization_release"
    moved = ledger.move(world, account, kind, -amount, authorization["currency"], authorization["id"], of="issuing")
    authorization["_held"] += amount
    authorization["balance_transactions"].append(moved["id"])


def resize(authorization: Data, amount: int) -> None:
    """Let the authorization be for `amount` from now on."""
    authorization["amount"], authorization["merchant_amount"] = amount, merchants(authorization, amount)


def put(world: World, authorization: Data, account: str, before: Data | None) -> Data:
    """Keep it and make its event: created, or updated with what changed. Returns it as Stripe shows it."""
    _note_spend(world, authorization, account)
    world.store.put(AUTHORIZATION, authorization, account)
    shown = show_authorization(world.store, authorization, account)
    if before is None:
        world.emit("issuing_authorization.created", shown, account=account)
    elif previous := diff(before, public(shown)):
        world.emit("issuing_authorization.updated", shown, account=account, previous=previous)
    return shown


def count_payment(world: World, card_id: str, account: str) -> None:
    """Cancel the card once it has made as many payments as its `lifecycle_controls` allow."""
    card = world.store.get(CARD, card_id, account) or {}
    if not card.get("lifecycle_controls"):
        return
    card["_payments"] = card.get("_payments", 0) + 1
    if card["_payments"] >= card["lifecycle_controls"]["cancel_after"]["payment_count"]:
        card["status"] = "canceled"
    put_card(world, card, account)


def book(world: World, account: str, transaction: Data) -> Data:
    """Move the balance by a transaction's amount (negative: a capture) and make its event. Returns it."""
    amount, currency = transaction["amount"], transaction["currency"]
    moved = ledger.move(world, account, "issuing_transaction", amount, currency, transaction["id"], of="issuing")
    transaction["balance_transaction"] = moved["id"]
    world.store.put(TRANSACTION, transaction, account)
    world.emit("issuing_transaction.created", transaction, account=account)
    return transaction


def book_of(world: World, account: str, authorization: Data, amount: int, *, details: Data | None = None) -> Data:
    """`book` what belongs to an authorization: it goes into its list, at its merchant's rate."""
    card = world.store.get(CARD, authorization["card"], account) or {}
    new = transaction(world, card, amount, authorization["merchant_data"], details)
    new |= {
        "amount_details": authorization["amount_details"],
        "authorization": authorization["id"],
        "merchant_amount": merchants(authorization, amount),
        "merchant_currency": authorization["merchant_currency"],
        "wallet": authorization["wallet"],
    }
    authorization["transactions"].append(new["id"])
    return book(world, account, new)


def transaction(world: World, card: Data, amount: int, merchant_data: Data, details: Data | None) -> Data:
    """A capture (negative amount) or refund (positive), not booked yet, without an authorization."""
    return {
        "id": new_id("ipi"),
        "object": TRANSACTION,
        "amount": amount,
        "amount_details": {"atm_fee": None, "cashback_amount": None},
        "authorization": None,
        "balance_transaction": None,
        "card": card["id"],
        "cardholder": card["cardholder"],
        "created": world.now,
        "currency": card["currency"],
        "dispute": None,
        "livemode": False,
        "merchant_amount": amount,
        "merchant_currency": card["currency"],
        "merchant_data": merchant_data,
        "metadata": {},
        "network_data": {
            "authorization_code": None,
            "processing_date": datetime.fromtimestamp(world.now, UTC).date().isoformat(),
            "transaction_id": None,
        },
        "purchase_details": purchase_details(details),
        "token": None,
        "type": "capture" if amount < 0 else "refund",
        "wallet": None,
        "_refunded": 0,
    }

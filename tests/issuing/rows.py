"""Rows of the mirror in Stripe's shape, made without Stripe: for pages, which read the mirror alone."""

import itertools
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from gateway.mirror import Mirror
from issuing.authorizations.models import Authorization
from issuing.balances.models import Balance, BalanceTransaction
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction
from tests.people import ACCOUNT

_numbers = itertools.count(1)
MERCHANT = {"name": "Shell Oil 57444", "category": "automated_fuel_dispensers", "category_code": "5542"}
PLACE = {"city": "Joplin", "state": "MO", "postal_code": "64804", "country": "US", "network_id": "1234567890"}
NO_CONTROLS = {
    "allowed_categories": None,
    "blocked_categories": None,
    "allowed_merchant_countries": None,
    "blocked_merchant_countries": None,
    "spending_limits": [],
    "spending_limits_currency": None,
}


def moment(text: str = "") -> int:
    """Unix seconds of an ISO moment in UTC; of now."""
    at = datetime.fromisoformat(text).replace(tzinfo=UTC) if text else timezone.now()
    return int(at.timestamp())


def fresh(prefix: str) -> str:
    """An id that no other row has."""
    return f"{prefix}_1Tests{next(_numbers):06d}"


def put(model: type[Mirror], data: dict[str, Any], account: str = ACCOUNT) -> Any:
    """A row as the mirror would have written it."""
    row = model(id=model.row_id(data, account), account_id=account, data=data, as_of=1, revision=1)
    row.created = datetime.fromtimestamp(data["created"], UTC) if data.get("created") else None
    row.set_columns()
    row.save()
    return row


def cardholder(account: str = ACCOUNT, **values: Any) -> Cardholder:
    """An individual in order."""
    data = {
        "id": fresh("ich"),
        "object": "issuing.cardholder",
        "created": moment(),
        "name": "Jonas Aaltonen",
        "email": "jonas@kestrel.example",
        "type": "individual",
        "status": "active",
        "billing": {"address": {"line1": "1 Main St", **PLACE}},
        "individual": {"first_name": "Jonas", "last_name": "Aaltonen", "dob": {"day": 1, "month": 2, "year": 1980}},
        "requirements": {"disabled_reason": None, "past_due": []},
        "spending_controls": NO_CONTROLS,
        **values,
    }
    return put(Cardholder, data, account)  # type: ignore[no-any-return]


def card(holder: Cardholder | None = None, account: str = ACCOUNT, **values: Any) -> Card:
    """An active virtual card."""
    controls = {**NO_CONTROLS, **values.pop("spending_controls", {})}
    data = {
        "id": fresh("ic"),
        "object": "issuing.card",
        "created": moment(),
        "brand": "Visa",
        "cardholder": holder.pk if holder else None,
        "currency": "usd",
        "exp_month": 12,
        "exp_year": 2099,
        "last4": "4417",
        "status": "active",
        "type": "virtual",
        "spending_controls": controls,
        **values,
    }
    return put(Card, data, account)  # type: ignore[no-any-return]


def authorization(of: Card | None = None, account: str = ACCOUNT, **values: Any) -> Authorization:
    """An authorization that was approved and is open; `reason` other than card_active declines it."""
    amount, reason = values.pop("amount", 18420), values.pop("reason", "card_active")
    at, approved = values.pop("at", moment()), reason == "card_active"
    merchant = {**MERCHANT, **PLACE, **values.pop("merchant_data", {})}
    request = {"amount": amount, "approved": approved, "created": at, "currency": "usd", "reason": reason}
    data = {
        "id": fresh("iauth"),
        "object": "issuing.authorization",
        "amount": amount,
        "approved": approved,
        "authorization_method": "chip",
        "balance_transactions": [],
        "card": of.pk if of else None,
        "card_presence": "present",
        "cardholder": of.cardholder_id if of else None,
        "created": at,
        "currency": "usd",
        "merchant_data": merchant,
        "request_history": [{**request, "merchant_amount": amount, "merchant_currency": "usd", "requested_at": at}],
        "status": "pending" if approved else "closed",
        "transactions": [],
        "verification_data": {"cvc_check": "not_provided", "expiry_check": "match"},
        **values,
    }
    return put(Authorization, data, account)  # type: ignore[no-any-return]


def transaction(of: Authorization | None = None, account: str = ACCOUNT, **values: Any) -> Transaction:
    """A capture."""
    data = {
        "id": fresh("ipi"),
        "object": "issuing.transaction",
        "amount": -(of.amount if of else 700),
        "authorization": of.pk if of else None,
        "balance_transaction": fresh("txn"),
        "card": of.card_id if of else None,
        "cardholder": of.cardholder_id if of else None,
        "created": moment(),
        "currency": "usd",
        "merchant_data": {**MERCHANT, **PLACE},
        "type": "capture",
        **values,
    }
    return put(Transaction, data, account)  # type: ignore[no-any-return]


def topup(account: str = ACCOUNT, **values: Any) -> Topup:
    """Money that has arrived."""
    data = {"id": fresh("tu"), "object": "topup", "created": moment(), "amount": 500000, "currency": "usd"}
    return put(Topup, {**data, "status": "succeeded", **values}, account)  # type: ignore[no-any-return]


def balance_transaction(net: int, kind: str, account: str = ACCOUNT, **values: Any) -> BalanceTransaction:
    """A balance transaction of the Issuing balance."""
    data = {
        "id": fresh("txn"),
        "object": "balance_transaction",
        "balance_type": "issuing",
        "created": moment(),
        "currency": "usd",
        "net": net,
        "source": "",
        "type": kind,
        **values,
    }
    return put(BalanceTransaction, data, account)  # type: ignore[no-any-return]


def balance(amount: int, account: str = ACCOUNT, payments: int = 0) -> Balance:
    """Both balances as Stripe answers."""
    issuing = {"available": [{"amount": amount, "currency": "usd"}]}
    funds = [{"amount": payments, "currency": "usd"}]
    data = {"object": "balance", "available": funds, "pending": funds, "issuing": issuing}
    return put(Balance, data, account)  # type: ignore[no-any-return]


def many(count: int) -> None:
    """So many of each noun, with the account."""
    for place in range(count):
        of = card(cardholder(name=f"Holder {place}"), last4=f"{place:04d}")
        transaction(authorization(of, merchant_data={"name": f"Shop {place}"}))
        topup()

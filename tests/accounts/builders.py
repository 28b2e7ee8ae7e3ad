"""Accounts in the mirror, with as much of Stripe's data as a test says."""

from typing import Any

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.persons.models import Person

URL = "/connect/accounts/acct_1Kestrel"  # the page of the account that `account()` makes
CUSTOM = {
    "type": "application",
    "is_controller": True,
    "stripe_dashboard": {"type": "none"},
    "fees": {"payer": "application_custom"},
    "losses": {"payments": "application"},
    "requirement_collection": "application",
}
ACTIVE = {"card_issuing": "active", "transfers": "active"}


def requirements(**lists: Any) -> dict[str, Any]:
    """A requirements hash with what is given, the rest empty."""
    empty = dict.fromkeys(("currently_due", "past_due", "eventually_due", "pending_verification", "errors"), ())
    return {**{name: [] for name in empty}, "current_deadline": None, "disabled_reason": None, **lists}


def account_data(account_id: str = "acct_1Kestrel", **data: Any) -> dict[str, Any]:
    """An account as Stripe sends it: Custom, a company, complete."""
    return {
        "id": account_id,
        "object": "account",
        "business_profile": {"name": "Kestrel Freight"},
        "business_type": "company",
        "capabilities": ACTIVE,
        "controller": CUSTOM,
        "country": "US",
        "created": 1_790_000_000,
        "details_submitted": True,
        "email": "marta@kestrel.example",
        "requirements": requirements(),
        **data,
    }


def account(account_id: str = "acct_1Kestrel", **data: Any) -> Account:
    """Its row."""
    return _saved(Account(id=account_id, account_id=account_id), account_data(account_id, **data))


def capability(of: Account, name: str = "card_issuing", status: str = "active", **data: Any) -> Capability:
    """A capability of it."""
    row = Capability(id=f"{of.pk}.{name}", account_id=of.pk)
    own = {"id": name, "object": "capability", "status": status, "requested": True, "requirements": requirements()}
    return _saved(row, {**own, "account": of.pk, "created": None, **data})


def person(of: Account, person_id: str = "person_1", **data: Any) -> Person:
    """A person of it."""
    own = {"id": person_id, "object": "person", "first_name": "Marta", "last_name": "Ilves", "created": 1_790_000_001}
    row = Person(id=person_id, account_id=of.pk)
    return _saved(row, {**own, "relationship": {"representative": True}, "requirements": requirements(), **data})


def _saved(row: Any, data: dict[str, Any]) -> Any:
    from gateway import order

    row.become(order.Write(data, 1_790_000_100))
    row.save(force_insert=True)
    type(row).written([row])
    return row

"""Accounts at the sandbox, read into the mirror."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.account.forms import create_params
from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.door import Performed
from tests.accounts import builders
from tests.accounts.builders import requirements
from tests.people import person
from tests.sandbox_process import SandboxProcess

VALUES = {
    "country": "US",
    "business_type": "company",
    "business_name": "Kestrel Freight",
    "company_name": "Kestrel Inc.",
}
Do = Callable[..., Performed]
Make = Callable[..., Account]


@pytest.fixture
def make(sandbox: SandboxProcess, db: None) -> Make:
    """Create an account at Stripe through the noun's own method."""

    def create(**values: Any) -> Account:
        account, _ = Account.create_account(key=uuid.uuid4().hex, params=create_params({**VALUES, **values}))
        return account

    return create


@pytest.fixture
def do(sandbox: SandboxProcess, db: None) -> Do:
    """Have otto do a verb of this room through the one door."""

    def perform(name: str, account: Account | None = None, who: str = "otto", **params: Any) -> Performed:
        return door.perform(
            verbs.get(f"accounts.{name}"),
            user=person(who),
            params=params,
            reason="The customer asked for it",
            form_token=uuid.uuid4().hex,
            account_id=account.pk if account else "",
            account_name=str(account or ""),
        )

    return perform


@pytest.fixture
def kestrel(db: None) -> Account:
    """An account with something due, a person, a capability and an operation."""
    row = builders.account(requirements=requirements(currently_due=["company.phone"], current_deadline=1_790_500_000))
    builders.capability(row, requirements=requirements(currently_due=["company.phone"], current_deadline=1_790_500_000))
    builders.person(row, email="marta@kestrel.example", phone="+15550001111", dob={"day": 3, "month": 2, "year": 1990},
                    address={"line1": "1 Quay Street"}, ssn_last_4_provided=True)  # fmt: skip
    return row

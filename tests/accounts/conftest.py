"""Accounts at the sandbox, read into the mirror."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.account.forms import create_params
from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.door import Performed
from tests.people import person
from tests.sandbox_process import SandboxProcess

VALUES = {
    "country": "US",
    "business_type": "company",
    "business_name": "Kestrel Freight",
    "company_name": "Kestrel Inc.",
}


@pytest.fixture
def make(sandbox: SandboxProcess, db: None) -> Callable[..., Account]:
    """Create an account at Stripe through the noun's own method."""

    def create(**values: Any) -> Account:
        account, _ = Account.create_account(key=uuid.uuid4().hex, params=create_params({**VALUES, **values}))
        return account

    return create


@pytest.fixture
def do(sandbox: SandboxProcess, db: None) -> Callable[..., Performed]:
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

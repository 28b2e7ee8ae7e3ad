"""Accounts at the sandbox, read into the mirror."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.forms import create_params
from accounts.models import Account
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
    made = []

    def create(**values: Any) -> Account:
        made.append(None)
        account, _ = Account.create_account(key=f"make-{len(made)}", params=create_params({**VALUES, **values}))
        return account

    return create

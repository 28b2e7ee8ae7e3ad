"""A policy under which the tests' own verbs need a second person, and people who ask and decide."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.approvals.models import Approval
from console.operations.models import Operation
from console.people.models import User
from tests.console.acting import PERMISSION, RENAME, account, do, person, registered
from tests.sandbox_process import SandboxProcess

POLICY = """
[verbs."tests.rename"]
sandbox.always = true
[verbs."tests.create"]
sandbox.rows = 2
[verbs."tests.link"]
sandbox.always = true
[verbs."tests.act"]
sandbox.always = true
"""
Policy = Callable[[str], None]
Ask = Callable[..., Approval]


@pytest.fixture
def policy(settings: Any, tmp_path: Path) -> Policy:
    """Another policy, as a new version of the console would have it."""
    numbers = iter(range(100))

    def use(text: str) -> None:
        path = tmp_path / f"policy-{next(numbers)}.toml"
        path.write_text(text)
        settings.APPROVAL_POLICY = str(path)

    return use


@pytest.fixture
def acting_verbs(db: None, policy: Policy) -> Iterator[None]:
    """The tests' verbs, of which RENAME always needs a second person."""
    policy(POLICY)
    with registered():
        yield


@pytest.fixture
def otto(db: None) -> User:
    """He asks."""
    return person("otto", PERMISSION, "console.approve_operation", "console.view_approval")


@pytest.fixture
def vera(db: None) -> User:
    """She decides."""
    return person("vera", PERMISSION, "console.approve_operation", "console.view_approval")


@pytest.fixture
def ask(acting_verbs: None, sandbox: SandboxProcess, otto: User) -> Ask:
    """Have otto ask for a new name for an account; the approval that waits."""

    def asked(name: str = "Birch Ltd", **options: Any) -> Approval:
        account_id = options.pop("account_id", None) or account(sandbox)
        operation = do(RENAME, otto, params={"name": name}, account_id=account_id, **options).operation
        assert operation.state == Operation.State.AWAITING
        return Approval.objects.get(operation=operation)

    return asked

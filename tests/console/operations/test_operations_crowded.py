"""While half of the web server's threads wait for Stripe, nobody else's act takes another one."""

from collections.abc import Iterator
from typing import Any

import pytest

from console.operations.models import Operation
from console.people.models import User
from gateway import connection, sweep
from tests.console.acting import ACCOUNT, CREATE, LINK, creates, do, settle
from tests.console.acting import account as made_account
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("acting_verbs")

State = Operation.State


@pytest.fixture
def crowd(settings: Any) -> Iterator[None]:
    """This thread serves a request, and all places are taken."""
    settings.THREADS = 2
    with connection.room(), connection.serving():
        yield


def test_the_worker_makes_the_first_attempt(sandbox: SandboxProcess, otto: User, crowd: None) -> None:
    operation = do(CREATE, otto, params=ACCOUNT).operation
    assert (operation.state, operation.claimed_by, operation.tries) == (State.INTENT, sweep.QUEUED, [])
    assert creates(sandbox) == 0


def test_what_was_left_to_the_worker_is_done_once(sandbox: SandboxProcess, otto: User, settings: Any) -> None:
    settings.THREADS = 2
    with connection.room(), connection.serving():
        operation = do(CREATE, otto, params=ACCOUNT).operation
    assert settle(operation).state == State.SUCCEEDED
    assert creates(sandbox) == 1


def test_values_that_are_not_kept_are_refused_at_once(sandbox: SandboxProcess, otto: User, crowd: None) -> None:
    operation = do(CREATE, otto, params={**ACCOUNT, "ssn": "000000000"}).operation
    assert (operation.state, operation.error_code) == (State.REFUSED, "not_sent")
    assert creates(sandbox) == 0


def test_what_is_shown_once_is_refused_at_once(sandbox: SandboxProcess, otto: User, settings: Any) -> None:
    settings.THREADS = 2
    account_id = made_account(sandbox)
    with connection.room(), connection.serving():
        operation = do(LINK, otto, account_id=account_id, account_name="Alder Ltd", params={}).operation
    assert (operation.state, operation.error_code) == (State.REFUSED, "not_sent")
    assert "Nothing was changed at Stripe" in operation.error_message

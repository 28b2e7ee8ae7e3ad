"""kill -9 while a card is made: the intent is stored, and one card comes of it."""

import os
import signal
import subprocess
import sys

import pytest
from django.db import connection

from accounts.account.models import Account
from console.operations import door
from console.operations.models import Operation
from console.record import audit
from gateway import sweep
from issuing.cards.models import Card
from tests.issuing.conftest import make_cardholder
from tests.people import person
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)
State = Operation.State


def killed(when: str, account: Account, cardholder_id: str, sandbox: SandboxProcess) -> Operation:
    """What a process leaves that is killed at this point, on this test's database."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = {"DATABASE_URL": url, "STRIPE_API_BASE": sandbox.url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-m", "tests.issuing.cards.dying", when, account.pk, cardholder_id]
    run = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    return Operation.objects.get(verb="issuing.create_card")


@pytest.mark.parametrize(("when", "state"), [("before", State.INTENT), ("in", State.SENDING), ("after", State.SENDING)])
def test_a_killed_process_leaves_one_card(when: str, state: str, account: Account, sandbox: SandboxProcess) -> None:
    person("otto")
    operation = killed(when, account, make_cardholder(account).pk, sandbox)
    assert operation.state == state
    for _ in range(2):
        sweep.over(Operation)
        door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
    _, listed, _ = sandbox.api("GET", "/v1/issuing/cards", {"limit": "100"}, account=account.pk)
    assert [each["id"] for each in listed["data"]] == [operation.object_id]
    assert list(Card.objects.values_list("pk", flat=True)) == [operation.object_id]
    assert audit.verify().problem == ""

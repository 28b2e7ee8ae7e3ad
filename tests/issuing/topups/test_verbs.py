"""Top-ups: over the sandbox, through the one door."""

import pytest

from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from issuing.balances import models as balances
from issuing.topups.models import Topup
from tests.issuing.acting import available
from tests.issuing.conftest import Do
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State


def test_a_top_up_is_on_its_way_until_the_bank_has_paid(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    operation = do("create_topup", account, amount="1500.50", description="First funds").operation
    assert operation.state == State.SUCCEEDED, operation.error_message
    row = Topup.objects.get(pk=operation.object_id)
    assert (row.amount, row.currency, row.status) == (150_050, "usd", "pending")
    assert "1,500.50 USD is on its way" in verbs.get("issuing.create_topup").done(operation)
    sandbox.control("clock", {"advance": "1h"})
    balances.read_funds(account.pk)
    assert available(account) == 150_050
    assert row.refresh().status == "succeeded"


def test_outside_the_united_states_a_top_up_is_refused_with_the_reason(do: Do, account: Account) -> None:
    Account.every.filter(pk=account.pk).update(country="DE")
    with pytest.raises(Denied, match="Only in the United States"):
        do("create_topup", account, amount="10")


def test_a_lost_top_up_is_found_by_its_mark(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    sandbox.control("faults", [{"match": "POST /v1/topups", "times": 1, "fault": "reset_after"}])
    operation = do("create_topup", account, amount="10").operation
    found = verbs.get("issuing.create_topup").find(operation)
    assert found
    door.settle(str(operation.pk))
    assert list(Topup.objects.values_list("pk", flat=True)) == [found.object_id]

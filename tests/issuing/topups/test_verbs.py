"""Top-ups: over the sandbox, through the one door."""

import pytest

from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from issuing.funds import models as funds
from issuing.topups.models import Topup
from tests.issuing import rows
from tests.issuing.acting import available
from tests.issuing.conftest import Do
from tests.people import browser, work
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
    funds.read_funds(account.pk)
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


def on_its_way(do: Do, account: Account) -> Topup:
    return Topup.objects.get(pk=do("create_topup", account, amount="20").operation.object_id)


def test_what_is_on_its_way_is_canceled_and_what_has_ended_is_not(
    do: Do, account: Account, sandbox: SandboxProcess
) -> None:
    first, second = on_its_way(do, account), on_its_way(do, account)
    operation = do("cancel_topup", first).operation
    assert operation.state == State.SUCCEEDED, operation.error_message
    first.refresh_from_db()
    assert (first.status, first.refresh().status) == ("canceled", "canceled")
    assert verbs.get("issuing.cancel_topup").done(operation) == (
        "Top-up of 20.00 USD is canceled: nothing comes from the bank."
    )
    sandbox.control("clock", {"advance": "1h"})
    second.refresh()
    with pytest.raises(Denied, match="is succeeded: only a pending top-up can be canceled"):
        do("cancel_topup", second)
    funds.read_funds(account.pk)
    assert available(account) == 2_000


def test_a_cancellation_whose_answer_was_lost_is_found_by_the_status(
    do: Do, account: Account, sandbox: SandboxProcess
) -> None:
    row = on_its_way(do, account)
    sandbox.control("faults", [{"match": "POST /v1/topups/{id}/cancel", "times": 1, "fault": "reset_after"}])
    operation = do("cancel_topup", row).operation
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED


def test_its_page_offers_it_while_it_is_pending_to_who_may(account: Account) -> None:
    row = rows.topup(account.pk, status="pending")
    way = f'href="{row.get_absolute_url()}/do/issuing.cancel_topup"'
    for who, offered in (("otto", True), ("sam", False)):
        client = browser(who)
        work(client, account.pk)
        assert (way in client.get(row.get_absolute_url()).content.decode()) == offered
    rows.topup(account.pk, id=row.pk, status="succeeded")
    otto = browser("otto")
    work(otto, account.pk)
    assert way not in otto.get(row.get_absolute_url()).content.decode()

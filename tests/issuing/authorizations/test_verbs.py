"""Test authorizations: over the sandbox, through the one door, and the funds that they hold."""

from typing import Any

import pytest

from accounts.account.models import Account
from console.operations import door, verbs
from console.operations.admission import Denied
from console.operations.models import Operation
from issuing.authorizations.models import Authorization
from issuing.balances.models import BalanceTransaction
from issuing.funds import models as funds
from tests.issuing.acting import available
from tests.issuing.conftest import Do, buy, fund, make_card
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
State = Operation.State


def test_a_decline_is_an_outcome_with_its_reason(do: Do, account: Account) -> None:
    card = make_card(account, active=False)
    params = {"card": card.pk, "amount": "12.50", "merchant_name": "Rocket Rides"}
    operation = do("create_test_authorization", account, **params).operation
    assert operation.state == State.SUCCEEDED
    verb = verbs.get("issuing.create_test_authorization")
    assert verb.done(operation).startswith("Declined: card inactive.")
    assert verb.went_well
    assert not verb.went_well(operation)
    assert verb.next_url(operation) == f"/{account.pk}/issuing/authorizations/{operation.object_id}"
    row = Authorization.objects.get(pk=operation.object_id)
    assert (row.approved, row.requested, row.card_id) == (False, 1250, card.pk)


def test_money_is_held_captured_and_given_back(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    first, second = buy(card, "12.50"), buy(card, "20")
    funds.read_funds(account.pk)
    assert available(account) == 100_000 - 1250 - 2000
    assert do("capture_test_authorization", first, capture_amount="10").operation.state == State.SUCCEEDED
    assert do("reverse_test_authorization", second).operation.state == State.SUCCEEDED
    funds.read_funds(account.pk)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status, available(account)) == ("closed", "reversed", 100_000 - 1000)
    sums = BalanceTransaction.objects.sums(account.pk, "usd")
    assert sums["available"] + sums["held"] == sums["funded"] - sums["spent"]


def test_a_capture_may_keep_the_rest_of_the_hold(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    row = buy(card, "30")
    do("capture_test_authorization", row, capture_amount="10", keep_open=True)
    row.refresh_from_db()
    assert row.status == "pending"


def test_a_declined_authorization_has_nothing_to_capture_or_reverse(do: Do, account: Account) -> None:
    row = buy(make_card(account, active=False))
    for verb in ("capture_test_authorization", "reverse_test_authorization"):
        with pytest.raises(Denied, match="declined"):
            do(verb, row)


def test_a_reversed_authorization_has_nothing_to_reverse(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    row = buy(card)
    do("reverse_test_authorization", row)
    with pytest.raises(Denied, match="It is reversed"):
        do("reverse_test_authorization", row)


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_a_lost_authorization_is_found_and_made_once(
    do: Do, account: Account, sandbox: SandboxProcess, status: str
) -> None:
    card = make_card(account, active=status == "active")
    buy(card)  # alike, and another operation's
    sandbox.control(
        "faults", [{"match": "POST /v1/test_helpers/issuing/authorizations", "times": 1, "fault": "reset_after"}]
    )
    params = {"card": card.pk, "amount": "12.50", "merchant_name": "Rocket Rides"}
    operation = do("create_test_authorization", account, **params).operation
    assert operation.state == State.UNKNOWN
    found = verbs.get("issuing.create_test_authorization").find(operation)  # type: ignore[misc]
    door.settle(str(operation.pk))
    operation.refresh_from_db()
    assert found
    assert (operation.state, operation.object_id) == (State.SUCCEEDED, found.object_id)
    made = sandbox.api("GET", "/v1/issuing/authorizations", {"limit": "100"}, account=account.pk)[1]["data"]
    assert len(made) == 2


def test_captures_and_reversals_are_found_by_looking(do: Do, account: Account, sandbox: SandboxProcess) -> None:
    card = make_card(account)
    fund(sandbox, account)
    first, second = buy(card), buy(card)
    find = verbs.get("issuing.capture_test_authorization").find, verbs.get("issuing.reverse_test_authorization").find
    asked = [
        Operation(account_id=account.pk, object_id=row.pk, params={"capture_amount": "5"}) for row in (first, second)
    ]
    assert [each(operation) for each, operation in zip(find, asked, strict=True) if each] == [None, None]
    do("capture_test_authorization", first, capture_amount="5")
    do("reverse_test_authorization", second)
    found = [each(operation) for each, operation in zip(find, asked, strict=True) if each]
    assert [each.object_id for each in found if each] == [first.pk, second.pk]


def test_test_authorizations_do_not_exist_in_live_mode(do: Do, account: Account, settings: Any) -> None:
    card = make_card(account)
    settings.CONSOLE_MODE = "live"
    with pytest.raises(Denied, match="does not exist in live mode"):
        do("create_test_authorization", account, card=card.pk, amount="1", merchant_name="Rocket Rides")


def test_an_event_alone_tells_that_something_was_decided(account: Account) -> None:
    operation = Operation(verb="issuing.create_test_authorization", object_id="iauth_1", account_id=account.pk)
    sentence = verbs.get("issuing.create_test_authorization").done(operation)
    assert sentence == "Stripe decided about the test authorization."

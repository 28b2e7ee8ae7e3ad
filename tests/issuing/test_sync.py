"""`manage.py sync` reads every Issuing noun as Stripe has it, into a mirror that has nothing."""

from typing import Any

import pytest
from django.core.management import call_command

from accounts.account.models import Account
from gateway import client
from issuing.authorizations.models import Authorization
from issuing.balances.models import BalanceTransaction
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.demo import mirror
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction
from tests.issuing.conftest import buy, fund, make_card, perform
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)
NOUNS: tuple[Any, ...] = (Cardholder, Card, Authorization, Transaction, Topup, BalanceTransaction)


def at_stripe(model: Any, account_id: str) -> dict[str, Any]:
    """The objects of a list by id; Issuing objects embedded in them as ids, which is how the mirror keeps them."""
    found = [each for page in client.pages(model.listed_at, account=account_id) for each in page.data["data"]]
    return {each["id"]: {name: flat(value) for name, value in each.items()} for each in found}


def flat(value: Any) -> Any:
    if isinstance(value, list):
        return [flat(each) for each in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("object")).startswith("issuing."):
        return value["id"]
    return {name: flat(each) for name, each in value.items()}


def test_a_mirror_that_was_emptied_is_as_stripe_again(account: Account, sandbox: SandboxProcess) -> None:
    card, idle = make_card(account), make_card(account, active=False)
    fund(sandbox, account)
    captured = buy(card)
    perform("capture_test_authorization", captured)
    perform("reverse_test_authorization", buy(card, "20"))
    buy(card, "7")
    buy(idle, "1")
    perform("cancel_card", idle)
    mirror.forget()
    assert not any(model.every.exists() for model in NOUNS)
    call_command("sync")
    for model in NOUNS:
        expected = at_stripe(model, account.pk)
        assert expected, model.__name__
        assert {row.pk: row.data for row in model.objects.filter(account=account.pk)} == expected, model.__name__
    card.refresh_from_db()
    assert (card.status, Card.objects.get(pk=idle.pk).status) == ("active", "canceled")

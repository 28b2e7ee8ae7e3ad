"""An account at the sandbox that may issue, read into the mirror, and people who act on it through the one door."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.account.forms import CAPABILITIES, CONTROLLER
from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.of_account.models import OfAccount
from console.operations import door, verbs
from console.operations.door import Performed
from gateway import client, clock
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.funds.models import read_funds
from tests.issuing import rows
from tests.people import ACCOUNT, browser, known_accounts, person, view_as, work
from tests.sandbox_process import SandboxProcess

HOLDER = {
    "type": "individual",
    "name": "Amara Okonkwo",
    "first_name": "Amara",
    "last_name": "Okonkwo",
    "line1": "510 Townsend St",
    "city": "San Francisco",
    "state": "CA",
    "postal_code": "94103",
    "country": "US",
    "terms_date": "2026-01-05T10:00:00Z",
    "terms_ip": "8.8.8.8",
}
REASON = "The customer asked for it"
Do = Callable[..., Performed]


def complete(name: str, country: str = "US") -> dict[str, Any]:
    """The body of an account that may issue at once (docs.stripe.com/connect/testing)."""
    signed = {"date": clock.timestamp() - 3600, "ip": "8.8.8.8"}
    address = {"line1": "address_full_match", "city": "Savannah", "state": "GA", "postal_code": "31401"}
    person_ = {
        "first_name": "Beatrix",
        "last_name": "Halloran",
        "email": "office@halloran.example",
        "phone": "0000000000",
        "dob": {"day": 1, "month": 1, "year": 1902},
        "address": {**address, "country": country},
        "id_number": "222222222",
    }
    return {
        "country": country,
        "business_type": "individual",
        "controller": CONTROLLER,
        "capabilities": CAPABILITIES,
        "business_profile": {
            "name": name,
            "mcc": "5734",
            "url": "https://accessible.stripe.com",
            "annual_revenue": {"amount": 100_000, "currency": "usd", "fiscal_year_end": "2025-12-31"},
            "estimated_worker_count": 3,
        },
        "individual": person_,
        "external_account": "btok_us",
        "tos_acceptance": signed,
        "settings": {"card_issuing": {"tos_acceptance": signed}},
    }


def issuing_account(name: str = "Halloran Letterpress") -> Account:
    """An account that may issue, at Stripe and in the mirror."""
    answer = client.post("/v1/accounts", complete(name), account=None, key=uuid.uuid4().hex)
    assert answer.data["capabilities"]["card_issuing"] == "active", answer.data["requirements"]
    return Account.absorb_answer(answer, account=answer.data["id"])


@pytest.fixture
def account(sandbox: SandboxProcess, db: None) -> Account:
    """One that may issue."""
    return issuing_account()


def perform(name: str, about: Account | OfAccount, /, who: str = "otto", **params: Any) -> Performed:
    """Have somebody do a verb of this room through the one door; `_token` repeats a form."""
    owner = about if isinstance(about, Account) else Account.objects.get(pk=about.account_id)
    return door.perform(
        verbs.get(f"issuing.{name}"),
        user=person(who),
        form_token=params.pop("_token", uuid.uuid4().hex),
        rows=params.pop("rows", 1),
        params=params,
        reason=REASON,
        account_id=owner.pk,
        account_name=str(owner),
        object_id="" if about is owner else about.pk,
    )


@pytest.fixture
def do(sandbox: SandboxProcess, db: None) -> Do:
    """`perform` over the sandbox."""
    return perform


@pytest.fixture
def otto(account: Account) -> Client:
    """An operator's browser, in work mode."""
    client = browser("otto")
    work(client, account.pk)
    return client


@pytest.fixture
def accounts(db: None) -> None:
    """Two accounts that the mirror has, and Stripe has not."""
    known_accounts()


@pytest.fixture
def sam(accounts: None) -> Client:
    """Support's browser, viewing as the first of two accounts, which may issue."""
    data = {
        "id": ACCOUNT,
        "object": "account",
        "business_profile": {"name": "Alder Freight"},
        "country": "US",
        "controller": {"type": "application", **CONTROLLER},
        "capabilities": {"card_issuing": "active"},
    }
    rows.put(Account, data, ACCOUNT)
    capability = {"id": "card_issuing", "object": "capability", "requested": True, "status": "active"}
    rows.put(Capability, capability, ACCOUNT)
    client = browser("sam")
    view_as(client)
    return client


def make_cardholder(account: Account, **values: Any) -> Cardholder:
    """A cardholder in order."""
    operation = perform("create_cardholder", account, **{**HOLDER, **values}).operation
    assert operation.state == "succeeded", operation.error_message
    return Cardholder.objects.get(pk=operation.object_id)


def make_card(account: Account, *, active: bool = True, **values: Any) -> Card:
    """A card, with a cardholder of its own unless one is named."""
    holder = values.pop("cardholder", None) or make_cardholder(account).pk
    operation = perform("create_card", account, cardholder=holder, **values).operation
    assert operation.state == "succeeded", operation.error_message
    card = Card.objects.get(pk=operation.object_id)
    if active:
        perform("activate_card", card)
        card.refresh_from_db()
    return card


def fund(sandbox: SandboxProcess, account: Account, amount: str = "1000") -> None:
    """Top up and wait until the bank has paid; read the funds."""
    assert perform("create_topup", account, amount=amount).operation.state == "succeeded"
    sandbox.control("clock", {"advance": "1h"})
    clock.forget()
    clock.refresh()
    read_funds(account.pk)


def buy(card: Card, amount: str = "12.50", **values: Any) -> Authorization:
    """A test authorization, whatever Stripe decides."""
    account = Account.objects.get(pk=card.account_id)
    params = {"card": card.pk, "amount": amount, "merchant_name": "Rocket Rides", **values}
    operation = perform("create_test_authorization", account, **params).operation
    assert operation.state == "succeeded", operation.error_message
    return Authorization.objects.get(pk=operation.object_id)

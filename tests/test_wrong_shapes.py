"""A row whose data has another shape than we know stands in its list, with its page: nothing there is a 500."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import CharField
from hypothesis import HealthCheck, given, settings

from accounts.account.models import Account
from accounts.account.words import TABS
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.persons.models import Person
from gateway.mirror import Mirror
from issuing.authorizations.models import Authorization
from issuing.balances.models import Balance, BalanceTransaction
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction
from tests.gateway.test_shapes import ANYTHING
from tests.issuing import rows
from tests.people import ACCOUNT, browser, known_accounts, view_as
from tests.test_lookups import address

pytestmark = [pytest.mark.django_db, pytest.mark.crawl, pytest.mark.prove]
WRONG: tuple[Any, ...] = (
    None,
    True,
    42,
    10**30,
    -1.5,
    "",
    "x" * 1_000,
    [],
    [1, None, {"a": []}],
    {},
    {"a": {"b": [1]}},
)
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
LISTED = (Account, Cardholder, Card, Authorization, Transaction, Topup)
MODELS = (*LISTED, Balance, BalanceTransaction, Capability, ExternalAccount, Person)
EVERYTHING: dict[str, Any] = {
    "company": {"name": "Kestrel", "structure": "llc"},
    "controller": {
        "type": "application",
        "stripe_dashboard": {"type": "none"},
        "requirement_collection": "application",
        "losses": {"payments": "application"},
        "fees": {"payer": "application"},
    },
    "capabilities": {"card_issuing": "inactive", "transfers": "active"},
    "individual": {"id": "person_1", "first_name": "Marta", "last_name": "Ilves"},
    "settings": {"dashboard": {"display_name": "K"}, "card_issuing": {"tos_acceptance": {"date": 1, "ip": "8.8.8.8"}}},
    "tos_acceptance": {"date": 1_700_000_000},
    "requirements": {
        "currently_due": ["company.phone"],
        "past_due": ["company.tax_id"],
        "pending_verification": ["company.name"],
        "eventually_due": ["company.url"],
        "current_deadline": 1_700_000_000,
        "disabled_reason": "requirements.past_due",
        "errors": [{"requirement": "company.phone", "code": "invalid", "reason": "No"}],
        "alternatives": [{"original_fields_due": ["company.phone"], "alternative_fields_due": ["company.url"]}],
    },
    "future_requirements": {"currently_due": ["company.phone"], "current_deadline": 1_800_000_000},
    "relationship": {"representative": True},
    "dob": {"day": 1, "month": 2, "year": 1980},
    "wallets": {"apple_pay": {"eligible": True}},
    "spending_controls": {
        "spending_limits": [{"amount": 500, "interval": "daily", "categories": ["bakeries"]}],
        "allowed_categories": ["bakeries"],
        "spending_limits_currency": "usd",
    },
    "balance_transactions": [{"id": "txn_1", "net": -5, "type": "issuing_authorization_hold", "created": 1}],
    "request_history": [{"amount": 5, "approved": False, "created": 1, "currency": "usd", "reason": "not_allowed"}],
    "issuing": {"available": [{"amount": 5, "currency": "usd"}]},
    "description": "Top-up",
    "failure_message": "no",
    "expected_availability_date": 1_700_000_000,
}


def places(data: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path in it, of objects and of list members."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in pairs:
        if name not in ("id", "object"):
            yield (*before, name)
            yield from places(value, (*before, name))


def changed(data: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The data with something else at one place."""
    found = copy.deepcopy(data)
    inner: Any = found
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return found


PARTS: dict[type[Mirror], tuple[str, ...]] = {
    Account: tuple(EVERYTHING),
    Capability: ("requirements", "future_requirements"),
    Person: ("requirements", "relationship", "dob", "individual"),
    Cardholder: ("requirements", "spending_controls", "individual", "dob"),
    Card: ("spending_controls", "wallets"),
    Authorization: ("balance_transactions", "request_history", "description"),
    Topup: ("description", "failure_message", "expected_availability_date"),
    Balance: ("issuing",),
}


def whole(model: type[Mirror]) -> dict[str, Any]:
    """Data in which every place that we read is filled."""
    own = {"id": "acct_1Shape" if model is Account else "x_1", "object": model.stripe_object, "created": 1_700_000_000}
    parts = {name: EVERYTHING[name] for name in PARTS.get(model, ())}
    merchant = {"merchant_data": {**rows.MERCHANT, **rows.PLACE}, "verification_data": {"cvc_check": "match"}}
    texts = {"status": "active", "type": "virtual", "name": "Jonas", "email": "jonas@kestrel.example", "last4": "4417"}
    numbers = {"amount": 5, "net": 5, "exp_year": 2099, "exp_month": 1}
    return {**parts, **merchant, **texts, **numbers, **own, "currency": "usd", "card": None, "balance_type": "issuing"}


def wrong_rows(model: type[Mirror], account: str = ACCOUNT) -> list[Mirror]:
    """A row for each place of its data, with the wrong shapes in turn, as the mirror would have written them."""
    data, found = whole(model), []
    for number, place in enumerate(places(data)):
        row = model(id=f"{data['id']}{number:04}", account_id=account, as_of=1, revision=1)
        row.account_id = row.id if model is Account else account
        row.data = changed(data, place, WRONG[number % len(WRONG)])
        row.created = MOMENT + timedelta(minutes=number)
        row.set_columns()
        found.append(row)
    return found


def too_long(model: type[Mirror], name: str, value: Any) -> bool:
    """Whether PostgreSQL refuses a text in a column."""
    most = {field.attname: field.max_length for field in model._meta.fields if isinstance(field, CharField)}
    return name in most and len(value) > most[name]


@pytest.mark.parametrize("model", MODELS)
def test_columns_are_filled_from_any_shape(model: type[Mirror]) -> None:
    data = whole(model)
    for place in places(data):
        for value in WRONG:
            row = model(id="x_1", account_id=ACCOUNT, data=changed(data, place, value))
            row.set_columns()
            assert {name: value for name, value in vars(row).items() if too_long(model, name, value)} == {}


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=ANYTHING)
def test_columns_are_filled_from_anything(model: type[Mirror], data: Any) -> None:
    row = model(id="x_1", account_id=ACCOUNT, data=data)
    row.set_columns()
    assert str(row)


@pytest.mark.parametrize("model", LISTED)
def test_every_cell_of_a_list_stands_whatever_its_rows_hold(model: type[Mirror]) -> None:
    made = wrong_rows(model)
    made += [
        model(id=f"acct_1Whole{n}", account_id=ACCOUNT, data=data, created=MOMENT) for n, data in enumerate(WRONG[1:])
    ]
    model.every.bulk_create(made)
    client, link, seen = browser("vera"), address(model), 0
    while link:
        answer = client.get(link)
        assert answer.status_code == 200
        seen += len(answer.context["cl"].result_list)
        older = answer.context["cl"].older_url
        link = f"{address(model)}{older}" if older else ""
    assert seen == len(made)


@pytest.mark.parametrize("model", [model for model in LISTED if model is not Account])
def test_every_page_of_an_account_stands_whatever_its_rows_hold(model: type[Mirror]) -> None:
    known_accounts()
    made = wrong_rows(model)
    model.every.bulk_create(made)
    client = browser("sam")
    view_as(client)
    shown = made[0].get_absolute_url().rpartition("/")[0]
    assert client.get(shown).status_code == 200
    assert {row.pk: row.data for row in made if client.get(row.get_absolute_url()).status_code != 200} == {}


def test_the_page_of_an_account_stands_whatever_its_data_holds() -> None:
    made = wrong_rows(Account)
    Account.every.bulk_create(made)
    client = browser("sam")
    for number, row in enumerate(made[::2]):  # places and shapes take turns, so that every shape meets every tab
        tab = list(TABS)[number % len(TABS)]
        assert client.get(f"/connect/accounts/{row.pk}?tab={tab}").status_code == 200, (tab, row.data)


@pytest.mark.parametrize("model", [Capability, ExternalAccount, Person])
def test_the_page_of_an_account_stands_whatever_its_parts_hold(model: type[Mirror]) -> None:
    known_accounts()
    model.every.bulk_create(wrong_rows(model))
    client = browser("sam")
    for tab in TABS:
        assert client.get(f"/connect/accounts/{ACCOUNT}?tab={tab}").status_code == 200, tab


@pytest.mark.parametrize("model", [Balance, BalanceTransaction])
def test_the_balances_stand_whatever_they_hold(model: type[Mirror]) -> None:
    known_accounts()
    client = browser("sam")
    view_as(client)
    for row in wrong_rows(model):
        row.id = f"{ACCOUNT}.balance" if model is Balance else row.id
        row.save()
        assert client.get(f"/{ACCOUNT}/balance/overview").status_code == 200, row.data

"""Every field of a full row of every noun, with every other type: the pages that show it stand, and show what came."""

import itertools
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from accounts.account.models import Account
from accounts.account.pages import TABS
from accounts.capabilities.models import Capability
from accounts.external_accounts.models import ExternalAccount
from accounts.history import models as history_models
from accounts.persons.models import Person
from console.operations import verbs
from gateway import copied
from gateway.mirror import Mirror
from gateway.shapes import HIDDEN, shown, shown_at
from issuing.authorizations.models import Authorization
from issuing.balances.models import Balance, BalanceTransaction
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.topups.models import Topup
from issuing.transactions.models import Transaction
from tests.accounts import builders
from tests.issuing import rows
from tests.people import ACCOUNT, browser, known_accounts, work
from tests.test_lookups import address
from tests.test_wrong_shapes import EVERYTHING, changed, places

OTHER_TYPES: tuple[Any, ...] = (None, True, 42, "text", ["text", None], [{}], {"a": {"b": [1]}})
LISTED = (Account, Cardholder, Card, Authorization, Transaction, Topup)
MODELS = (*LISTED, Capability, ExternalAccount, Person, Balance, BalanceTransaction)
PLACE = {"line1": "1 Main St", "city": "Joplin", "state": "MO", "postal_code": "64801", "country": "US"}
SIGNED = {"date": 1_700_000_000, "ip": "8.8.8.8", "user_agent": "Mozilla/5.0"}
ACCOUNTS = ("capabilities", "controller", "company", "individual", "settings", "requirements", "future_requirements")
MORE: dict[type[Mirror], dict[str, Any]] = {  # what Stripe fills beside what tests.issuing.rows fills
    Account: {
        **{name: EVERYTHING[name] for name in ACCOUNTS},
        "business_profile": {"name": "Alder", "url": "https://a.example", "support_address": PLACE},
        "tos_acceptance": SIGNED,
        "external_accounts": {"data": [{"id": "ba_1"}]},
    },
    Capability: {"requirements": EVERYTHING["requirements"], "requested_at": 1_700_000_000, "status": "inactive"},
    Person: {
        "address": PLACE,
        "dob": EVERYTHING["dob"],
        "relationship": {"representative": True, "title": "CEO", "percent_ownership": 25},
        "verification": {"status": "unverified", "document": {"front": None}},
        "requirements": EVERYTHING["requirements"],
    },
    ExternalAccount: {"bank_name": "Bank", "last4": "6789", "currency": "usd", "status": "new", "country": "US"},
    Cardholder: {
        "phone_number": "+14155550123",
        "requirements": EVERYTHING["requirements"],
        "billing": {"address": PLACE},
        "spending_controls": EVERYTHING["spending_controls"],
        "individual": {"first_name": "J", "dob": EVERYTHING["dob"], "card_issuing": {"user_terms_acceptance": SIGNED}},
    },
    Card: {
        "spending_controls": EVERYTHING["spending_controls"],
        "cancellation_reason": "lost",
        "shipping": {"status": "shipped", "address": PLACE},
        "wallets": {"apple_pay": {"eligible": True, "ineligible_reason": None}},
        "latest_fraud_warning": {"started_at": 1_700_000_000, "type": "card_testing_exposure"},
    },
    Authorization: {
        "balance_transactions": EVERYTHING["balance_transactions"],
        "verification_data": {"cvc_check": "match", "three_d_secure": {"result": "authenticated"}},
        "wallet": "apple_pay",
        "transactions": [{"id": "ipi_1"}],
    },
    Transaction: {
        "merchant_amount": 5,
        "network_data": {"processing_date": "2026-11-01"},
        "purchase_details": {"flight": {"passenger_name": "J"}},
    },
    Topup: {
        "description": "d",
        "failure_message": "m",
        "failure_code": "c",
        "expected_availability_date": 1_700_000_000,
    },
    BalanceTransaction: {"description": "d", "amount": -5, "fee": 0, "available_on": 1_700_000_000},
}
AROUND = (
    "/",
    f"/connect/accounts/{ACCOUNT}",
    f"/{ACCOUNT}/issuing/overview",
    f"/{ACCOUNT}/activity",
    f"/{ACCOUNT}/balance/overview",
    f"/{ACCOUNT}/topups",
    *(f"/{ACCOUNT}/issuing/{noun}" for noun in ("cardholders", "cards", "authorizations", "transactions")),
)


def full(model: type[Mirror]) -> Mirror:
    """A row in which every place that we read is filled."""
    account, card = Account.objects.get(pk=ACCOUNT), rows.card(rows.cardholder())
    declined = rows.authorization(card, reason="authorization_controls")
    made: dict[type[Mirror], Any] = {
        Account: account,
        Capability: builders.capability(account),
        Person: builders.person(account),
        ExternalAccount: rows.put(ExternalAccount, {"id": "ba_1", "object": "bank_account"}),
        Cardholder: card.cardholder,
        Card: card,
        Authorization: declined,
        Transaction: rows.transaction(declined),
        Topup: rows.topup(),
        Balance: rows.balance(5, payments=6),
        BalanceTransaction: rows.balance_transaction(-5, "issuing_authorization_hold", source=declined.pk),
    }
    return with_data(made[model], {**made[model].data, **MORE.get(model, {})})


def with_data(row: Mirror, data: Any) -> Mirror:
    row.data = data
    row.set_columns()
    row.save()
    return row


def own(row: Any) -> list[str]:
    """The pages of this row: its own, its list, a search, the tabs of its account, and what staff do with it."""
    model, found = type(row), []
    if model in LISTED:
        found += [row.get_absolute_url(), "/search?q=a", f"{address(model)}?{urlencode({'q': row.pk})}"]
        for verb in verbs.every():
            if verb.about_account and verb.begins_at(model):
                found.append(verb.address(row) if verb.noun else f"/connect/accounts/{ACCOUNT}/do/{verb.name}")
                found += [f"{reverse('bulk', args=[verb.name])}?{urlencode({'id': row.pk})}"] if verb.bulk else []
    if model in (Account, Capability, Person, ExternalAccount):
        found += [f"/connect/accounts/{ACCOUNT}?tab={tab}" for tab in TABS]
        found += [f"/connect/accounts/{ACCOUNT}/live?part={part}" for part in ("badges", "actions", "facts")]
    return list(dict.fromkeys(found)) or [AROUND[0]]


@pytest.mark.django_db
@pytest.mark.prove
@pytest.mark.parametrize("model", MODELS)
def test_every_page_stands_whatever_type_a_field_has(model: type[Mirror]) -> None:
    """Places and types take turns on the pages."""
    known_accounts()
    client, failed = browser("ana"), {}
    client.raise_request_exception = False
    work(client)
    row = full(model)
    pages, around = itertools.cycle(own(row)), itertools.cycle(AROUND)
    for path in (*own(row), *AROUND):
        assert client.get(path).status_code == 200, path
    data: Any = row.data
    for number, (place, value) in enumerate(itertools.product(list(places(data)), OTHER_TYPES)):
        with_data(row, changed(data, place, value))
        for path in (next(pages), *([next(around)] if number % 3 == 0 else [])):
            if client.get(path).status_code != 200:
                failed[path, place] = value
    assert failed == {}


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS)
def test_every_page_stands_where_an_id_holds_a_slash(model: type[Mirror]) -> None:
    known_accounts()
    client = browser("ana")
    work(client)
    row = full(model)
    data: Any = {**row.data, **({"status": "canceled", "replaced_by": "ic_2"} if model is Card else {})}
    for place in list(places(data)):
        value = reduce(lambda inside, step: inside[step], place, data)
        if isinstance(value, str) and copied.AN_ID.fullmatch(value):
            data = changed(data, place, f"{value}/x")
    with_data(row, data)
    for path in (*own(row), *AROUND):
        assert client.get(path).status_code == 200, path


@pytest.mark.django_db
def test_an_object_where_a_text_belongs_is_shown_as_it_came() -> None:
    known_accounts()
    client = browser("ana")
    work(client)
    odd = {"state": {"since": 5}}
    card = rows.card(rows.cardholder(), status=odd, type=odd)
    authorization = rows.authorization(card, reason="x", wallet=odd, merchant_data={"name": odd})
    written = "{&quot;state&quot;: {&quot;since&quot;: 5}}"
    for path in (card.get_absolute_url(), f"/{ACCOUNT}/issuing/cards", address(Card), authorization.get_absolute_url()):
        assert written in client.get(path).content.decode(), path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Kestrel", "Kestrel"),
        (42, "42"),
        (None, ""),
        ({}, ""),
        ([], ""),
        ({"status": ["active", None, True, 5]}, '{"status": ["active", null, true, 5]}'),
        ({"email": "jonas@kestrel.example"}, f'{{"email": "{HIDDEN}"}}'),
        ([{"Jonas Aaltonen": 14_155_550_123}, "64801"], f'[{{"{HIDDEN}": "{HIDDEN}"}}, "{HIDDEN}"]'),
    ],
)
def test_of_an_object_its_shape_is_shown_and_nothing_of_a_person(value: Any, text: str) -> None:
    assert shown(value) == shown_at({"a": {"b": value}}, "a.b") == text


@pytest.mark.parametrize("wrong", OTHER_TYPES)
def test_history_reads_requirements_of_any_shape(wrong: Any) -> None:
    at, whole = datetime(2026, 11, 24, tzinfo=UTC), {"object": "account", "requirements": {}}
    for name in ("currently_due", "errors"):
        odd = {**whole, "requirements": {name: wrong}}
        for old, new in ((whole, odd), (odd, whole), (whole, {**whole, "requirements": wrong})):
            change = history_models.ObjectChange(ACCOUNT, old, new, at, history_models.Source.EVENT, "evt_1")
            requirements, changes = change.rows().values()
            assert all(isinstance(row.key, str) and row.key for row in requirements)
            assert changes == []

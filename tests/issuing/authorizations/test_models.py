"""What an authorization knows of its card, and what of a card is still held."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.account.models import Account
from issuing.authorizations.models import Authorization
from tests.issuing import rows
from tests.issuing.conftest import buy, make_card
from tests.people import known_accounts

pytestmark = pytest.mark.django_db


def test_what_is_embedded_becomes_an_id(account: Account) -> None:
    card = make_card(account)
    row = buy(card, "1")
    assert card.data["cardholder"] == card.cardholder_id
    assert (row.data["card"], row.card_id, row.cardholder_id) == (card.pk, card.pk, card.cardholder_id)


def test_open_holds_are_told_by_card(django_assert_num_queries: Any) -> None:
    known_accounts()
    first, second = rows.card(rows.cardholder()), rows.card(rows.cardholder())
    for amount in (100, 250):
        rows.authorization(first, amount=amount)
    rows.authorization(first, status="closed")
    rows.authorization(first, reason="card_inactive")
    with django_assert_num_queries(1):
        found = Authorization.objects.open_of_cards([first.pk, second.pk])
    assert found == {first.pk: (2, 350)}


def test_networks_of_merchants_are_filled_in_batches_that_may_be_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    migration = import_module("issuing.migrations.0005_lost_cards_and_merchants")
    monkeypatch.setattr(migration, "BATCH", 2)
    for number in range(5):
        data = {"merchant_data": {"network_id": f"{number}"}}
        Authorization.every.create(id=f"iauth_{number}", account_id="acct_1", data=data)
    Authorization.every.create(id="iauth_stub", account_id="acct_1")
    for _ in range(2):
        migration.fill(apps, SimpleNamespace(connection=connection))
    found = Authorization.every.order_by("pk").values_list("network_id", flat=True)
    assert list(found) == ["0", "1", "2", "3", "4", ""]

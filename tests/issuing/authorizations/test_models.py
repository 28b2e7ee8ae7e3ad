"""What an authorization knows of its card, and what of a card is still held."""

from typing import Any

import pytest

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

"""A search finds a name however it is written, on every database."""

import unicodedata

import pytest

from accounts.account.models import Account
from gateway.spellings import spellings
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from tests.accounts import builders
from tests.issuing import rows
from tests.people import known_accounts

SPELLINGS = [
    ("Kestrel", "ｋｅｓｔｒｅｌ"),
    ("Kestrel", "KESTREL"),
    ("Ångström", "ångström"),
    ("Ångström", "ÅNGSTRÖM"),
    ("Ångström", unicodedata.normalize("NFD", "Ångström")),
    (unicodedata.normalize("NFD", "Renée"), "Renée"),
    ("Griffin", "griﬃn"),
    ("ＫＥＳＴＲＥＬ", "ＫＥＳＴＲＥＬ"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("stored", "typed"), SPELLINGS)
def test_every_list_finds_a_name_in_another_spelling(stored: str, typed: str) -> None:
    known_accounts()
    account = builders.account(business_profile={"name": stored})
    card = rows.card(rows.cardholder(name=stored))
    authorization = rows.authorization(card, merchant_data={"name": stored})
    assert list(Account.objects.search(typed)) == [account]
    assert list(Cardholder.objects.search(typed)) == [card.cardholder]
    assert list(Card.objects.search(typed)) == [card]
    assert list(Authorization.objects.search(typed)) == [authorization]


def test_plain_words_are_asked_once() -> None:
    assert spellings("Kestrel") == ("Kestrel",)

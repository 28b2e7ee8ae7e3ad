"""A card is known by its last four as pages print them: in searches, in forms, in commands."""

import pytest

from console.operations.fields import Where
from issuing.authorizations.forms import CreateTestAuthorizationForm
from issuing.authorizations.models import Authorization
from issuing.cards.models import Card
from issuing.cards.words import last_four
from tests.issuing import rows
from tests.people import ACCOUNT, known_accounts


@pytest.mark.parametrize("text", ["4302", "•• 4302", "•••• 4302", "Card •• 4302", "**** 4302", "….4302", "xxxx-4302"])
def test_a_card_is_known_by_its_last_four_as_they_are_printed(text: str) -> None:
    assert last_four(text) == "4302"


@pytest.mark.parametrize("text", ["430", "43021", "Kestrel 4302", "•• 43o2", "•• ４３０２", "", "4302 4417"])
def test_what_is_no_last_four_is_none(text: str) -> None:
    assert last_four(text) == ""


@pytest.mark.django_db
def test_lists_and_forms_find_a_card_by_its_last_four() -> None:
    known_accounts()
    card, other = rows.card(last4="4302"), rows.card(last4="4417")
    authorization = rows.authorization(card)
    rows.authorization(other)
    assert list(Card.objects.search("•• 4302")) == [card]
    assert list(Authorization.objects.search("Card •• 4302")) == [authorization]
    form = chosen("•• 4302")
    assert form.cleaned_data["card"] == card.pk
    rows.card(last4="4302")
    assert chosen("•• 4302").errors["card"] == ["Several cards of this account end so. Give the id."]


def chosen(typed: str) -> CreateTestAuthorizationForm:
    values = {"card": typed, "amount": "$2,000.00", "merchant_name": "Rocket Rides"}
    form = CreateTestAuthorizationForm(values, where=Where(ACCOUNT))
    form.is_valid()
    return form

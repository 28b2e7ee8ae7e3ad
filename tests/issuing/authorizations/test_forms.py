"""Which card a test authorization may be with, and how much of a hold is given back."""

import pytest

from console.operations.fields import Where
from issuing.authorizations.models import Authorization
from issuing.cards.models import Card
from tests.issuing import rows
from tests.issuing.acting import errors
from tests.people import ACCOUNT, OTHER_ACCOUNT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]


def test_an_authorization_is_with_a_card_of_this_account_that_was_not_canceled() -> None:
    own, others = rows.card(rows.cardholder()), rows.card(rows.cardholder(OTHER_ACCOUNT), account=OTHER_ACCOUNT)
    given = {"amount": "1", "merchant_name": "Rocket Rides"}
    assert errors("create_test_authorization", Where(ACCOUNT), card=own.pk, **given) == {}
    assert list(errors("create_test_authorization", Where(ACCOUNT), card=others.pk, **given)) == ["card"]
    Card.every.filter(pk=own.pk).update(status="canceled")
    assert list(errors("create_test_authorization", Where(ACCOUNT), card=own.pk, **given)) == ["card"]


def test_no_more_is_given_back_than_is_held() -> None:
    row = rows.authorization(rows.card(rows.cardholder()), amount=1250)
    Authorization.every.filter(pk=row.pk).update(amount=1250)
    here = Where(ACCOUNT, row.pk, row=row)
    assert "Only 12.50 USD" in errors("reverse_test_authorization", here, reverse_amount="12.51")["reverse_amount"]
    assert errors("reverse_test_authorization", here, reverse_amount="12.50") == {}
    assert errors("reverse_test_authorization", here) == {}

"""What captures and refunds add up to."""

import pytest

from issuing.authorizations.models import Authorization
from issuing.transactions.models import Transaction
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, known_accounts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def accounts() -> None:
    known_accounts()


def test_what_was_spent_is_what_captures_took_less_what_refunds_gave_back() -> None:
    rows.transaction(amount=-700)
    rows.transaction(amount=-300)
    rows.transaction(type="refund", amount=250)
    rows.transaction(amount=-99, currency="eur")
    rows.transaction(account=OTHER_ACCOUNT, amount=-1)
    assert Transaction.objects.spent(ACCOUNT, "usd") == 750
    assert Transaction.objects.spent(ACCOUNT, "gbp") == 0


def test_an_authorization_knows_what_captures_took_of_it_whatever_was_refunded() -> None:
    captured, open_one = rows.authorization(amount=1000), rows.authorization(amount=500)
    rows.transaction(captured, amount=-600)
    rows.transaction(captured, amount=-150)
    rows.transaction(captured, type="refund", amount=150)
    found = Authorization.objects.annotate(taken=Transaction.objects.captured()).values_list("pk", "taken")
    assert dict(found) == {captured.pk: -750, open_one.pk: None}

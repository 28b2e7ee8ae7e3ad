"""What each noun of the room is called, and what is sent to make or to change one."""

import pytest

from accounts.account.models import Account
from issuing.authorizations.models import Authorization
from issuing.cardholders import verbs as cardholders_verbs
from tests.issuing import rows
from tests.issuing.acting import body
from tests.people import ACCOUNT, known_accounts

pytestmark = pytest.mark.django_db


def test_names_as_staff_speak_of_them() -> None:
    known_accounts()
    holder = rows.cardholder()
    card = rows.card(holder)
    row = rows.authorization(card, amount=123_456)
    assert [str(each) for each in (holder, card, row)] == [
        "Jonas Aaltonen",
        "•• 4417",
        "1,234.56 USD at Shell Oil 57444",
    ]
    assert str(rows.authorization(card, merchant_data={"name": ""})).endswith("at an unnamed merchant")


@pytest.mark.usefixtures("accounts")
def test_bodies_hold_only_what_was_given() -> None:
    assert cardholders_verbs.cardholder_body({"type": "individual", "name": "A B", "email": ""}) == {
        "type": "individual",
        "name": "A B",
    }
    Account.every.filter(pk=ACCOUNT).update(country="GB")
    assert body("create_card", ACCOUNT, {"cardholder": "ich_1"}) == {
        "cardholder": "ich_1",
        "currency": "gbp",
        "type": "virtual",
        "status": "inactive",
    }
    held = Authorization(currency="usd")
    assert body("capture_test_authorization", held, {}) == {}
    assert body("capture_test_authorization", held, {"capture_amount": "5", "keep_open": True}) == {
        "capture_amount": 500,
        "close_authorization": False,
    }
    assert body("reverse_test_authorization", held, {"reverse_amount": "5.00"}) == {"reverse_amount": 500}

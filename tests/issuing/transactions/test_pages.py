"""The list and the page of an account's transactions."""

import pytest
from django.test import Client

from tests.issuing import rows
from tests.issuing.acting import path_of, text
from tests.people import ACCOUNT

pytestmark = pytest.mark.django_db


def test_a_capture_says_what_it_took_and_leads_to_its_authorization(sam: Client) -> None:
    authorization = rows.authorization(rows.card(rows.cardholder()), amount=18420)
    page = sam.get(path_of(rows.transaction(authorization))).content.decode()
    assert "Capture at Shell Oil 57444" in page
    assert "taken from the Issuing balance" in page
    assert f'href="{path_of(authorization)}"' in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"type": "capture"}, "None: the merchant took it without asking first"),
        ({"type": "refund", "amount": 700}, "given back to the Issuing balance"),
        ({"merchant_amount": -650, "merchant_currency": "eur"}, "6.50"),
        ({"merchant_data": None}, "Capture at an unnamed merchant"),
    ],
)
def test_a_transaction_says_what_is_out_of_the_ordinary(sam: Client, values: dict, sentence: str) -> None:
    assert sentence in " ".join(text(sam, path_of(rows.transaction(**values))).split())


def test_the_tabs_of_the_list_tell_captures_from_refunds(sam: Client) -> None:
    capture, refund = rows.transaction(), rows.transaction(type="refund", amount=700)
    for tab, there, absent in (("capture", capture, refund), ("refund", refund, capture)):
        page = sam.get(f"/{ACCOUNT}/issuing/transactions?type={tab}").content.decode()
        assert there.pk in page
        assert absent.pk not in page

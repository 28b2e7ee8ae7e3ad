"""The page of one authorization, viewed as its account."""

import pytest
from django.test import Client

from tests.issuing import rows
from tests.issuing.acting import path_of, text

pytestmark = pytest.mark.django_db


def test_a_declined_increment_is_told_apart_from_a_declined_authorization(sam: Client) -> None:
    card, at = rows.card(rows.cardholder()), rows.moment()
    first = {"amount": 100, "approved": True, "created": at, "currency": "usd", "reason": "card_active"}
    more = {"amount": 900, "approved": False, "created": at, "currency": "usd", "reason": "insufficient_funds"}
    row = rows.authorization(card, amount=100, request_history=[first, more])
    page = text(sam, path_of(row))
    assert "Approved, but the last request was declined: insufficient funds" in page
    assert "2 requests" in page


def test_an_authorization_without_history_or_parents_is_shown(sam: Client) -> None:
    bare = rows.authorization(request_history=[], merchant_data={"name": None}, verification_data=None)
    assert "Stripe sent none." in text(sam, path_of(bare))
    stray = rows.transaction(card="ic_missing", cardholder="ich_missing", merchant_data=None)
    assert "an unnamed merchant" in text(sam, path_of(stray))

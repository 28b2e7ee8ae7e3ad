"""The page of one cardholder, viewed as its account."""

import pytest
from django.test import Client

from tests.issuing import rows
from tests.issuing.acting import path_of, text

pytestmark = pytest.mark.django_db


def test_what_stripe_asks_of_a_cardholder_stands_above_everything_else(sam: Client) -> None:
    keys = [f"individual.card_issuing.user_terms_acceptance.{name}" for name in ("date", "ip")]
    row = rows.cardholder(requirements={"disabled_reason": "requirements.past_due", "past_due": keys})
    page = text(sam, path_of(row))
    assert "Each card of this cardholder is declined until Stripe has what it asks for." in page
    assert "Acceptance of the authorized-user terms, by themselves" in page
    assert keys[0] in page

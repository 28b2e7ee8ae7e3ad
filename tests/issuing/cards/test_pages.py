"""The page of one card, viewed as its account."""

import pytest
from django.test import Client

from tests.issuing import rows
from tests.issuing.acting import path_of, text
from tests.people import browser, view_as, work

pytestmark = pytest.mark.django_db


def test_a_card_names_stripes_silent_limits(sam: Client) -> None:
    page = text(sam, path_of(rows.card(rows.cardholder())))
    assert "500.00 USD a day, because no limit is set here" in page
    assert "10,000.00 USD per authorization, always" in page


@pytest.mark.parametrize("look", [True, False])
def test_a_canceled_card_offers_nothing_that_would_bring_it_back(sam: Client, look: bool) -> None:
    card = rows.card(rows.cardholder(), status="canceled", cancellation_reason="lost")
    otto = browser("otto")
    (view_as if look else work)(otto)
    page = otto.get(path_of(card)).content.decode()
    assert "Canceled for good" in page
    assert "activate_card" not in page
    assert "cancel_card" not in page


def test_an_active_card_of_an_idle_cardholder_says_why_it_declines(sam: Client) -> None:
    page = text(sam, path_of(rows.card(rows.cardholder(status="inactive"))))
    assert "The card is active, but its cardholder is not." in page

"""The lists of cards: of one account, and of all."""

import pytest
from django.test import Client

from tests.issuing import rows
from tests.issuing.acting import shown
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser

pytestmark = pytest.mark.django_db


def test_counts_stop_at_ten_thousand(sam: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.lists.listing.COUNTED", 2)
    rows.many(3)
    tabs = sam.get(f"/{ACCOUNT}/issuing/cards").context["tabs"]
    assert tabs[0]["count"] == "2+"


def test_a_list_holds_the_rows_of_its_account_alone(sam: Client) -> None:
    rows.card(account=OTHER_ACCOUNT, last4="8888")
    assert "8888" not in shown(sam, f"/{ACCOUNT}/issuing/cards")
    assert "8888" in shown(browser("vera"), "/issuing/card/")

"""A decline is explained on the page of its authorization."""

import pytest
from django.test import Client

from accounts.history.models import StateChange
from gateway import clock
from tests.issuing import rows
from tests.issuing.acting import path_of, text
from tests.people import ACCOUNT

pytestmark = pytest.mark.django_db


def test_a_decline_is_explained_from_the_mirror(sam: Client) -> None:
    limit = {"amount": 20000, "interval": "daily", "categories": ["automated_fuel_dispensers"]}
    card = rows.card(rows.cardholder(), spending_controls={"spending_limits": [limit]})
    at = rows.moment("2026-11-24T13:42:11")
    taken = rows.authorization(card, amount=10000, status="closed", at=at - 60)
    rows.transaction(taken)
    rows.authorization(card, amount=3865, at=at - 30)
    rows.authorization(card, amount=999, status="expired", at=at - 20)
    declined = rows.authorization(card, reason="spending_controls", at=at)
    rows.balance_transaction(232056, "topup", created=at - 90)
    page = text(sam, path_of(declined))
    for words in (
        "184.20 USD at Shell Oil 57444 Declined",
        "Declined: spending controls spending_controls",
        "The card may spend 200.00 USD a day on automated fuel dispensers",
        "61.35 USD of it was left.",
        "Staff’s move",
        "or wait: the limit starts anew on Wed 25 Nov 2026, 00:00 UTC",
        "Capability : passed card_issuing was active",
        "Spending controls : stopped here 200.00 USD a day on automated fuel dispensers, of the card: 138.65 USD used",
        "Issuing balance : not reached not reached; 2,320.56 USD was there",
        "Stripe does not document in which order it looks at these",
        "None: nothing was approved",
    ):
        assert words.lower() in page.lower(), words


def test_the_ladder_tells_how_things_were_then_and_not_how_they_are(sam: Client) -> None:
    card = rows.card(rows.cardholder())
    at = rows.moment() - 600
    declined = rows.authorization(card, reason="card_inactive", at=at)
    StateChange.objects.create(
        account_id=ACCOUNT,
        at=clock.from_unix(at + 60),
        source="event",
        source_id="evt_1",
        subject=card.pk,
        noun="issuing.card",
        field="status",
        before="inactive",
        after="active",
    )
    page = text(sam, path_of(declined))
    assert "stopped here inactive, not expired" in page


def test_an_unknown_reason_is_shown_as_it_came(sam: Client) -> None:
    declined = rows.authorization(rows.card(rows.cardholder()), reason="phase_of_the_moon")
    page = text(sam, path_of(declined))
    assert "Declined: phase_of_the_moon" in page
    assert "stopped here" not in page

"""The pages of every noun, viewed as the account; and what the room adds to the account's own pages."""

import pytest
from django.test import Client

from accounts.history.models import StateChange
from console.record.models import AuditEntry
from gateway import clock
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.issuing.acting import path_of, text
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser

pytestmark = pytest.mark.django_db
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "{{ request.user }}{% debug %}",
    '<a href="javascript:alert(3)">x</a>',
    "</title><svg onload=alert(4)>",
    "A merchant " + "with a very long name " * 12,
)


@pytest.mark.parametrize("path", ["issuing/overview", "balance/overview"])
def test_a_page_of_the_account_costs_the_same_whatever_it_holds(sam: Client, path: str) -> None:
    def fill(count: int) -> None:
        for _ in range(count):
            rows.transaction(rows.authorization(rows.card(rows.cardholder())))
            rows.balance_transaction(100, "topup")
            rows.topup()

    fill(1)
    rows.balance(100)
    one = cost(sam, f"/{ACCOUNT}/{path}")
    fill(12)
    assert cost(sam, f"/{ACCOUNT}/{path}") == one <= MOST


def test_a_page_of_an_object_costs_few_queries(sam: Client) -> None:
    card = rows.card(rows.cardholder())
    authorization = rows.authorization(card, reason="spending_controls")
    transaction = rows.transaction(authorization)
    for _ in range(9):
        rows.authorization(card)
    for row in (card, card.cardholder, authorization, transaction, rows.topup()):
        assert cost(sam, path_of(row)) <= MOST, row


def test_anothers_object_is_not_there_and_the_attempt_is_written_down(sam: Client) -> None:
    card = rows.card(rows.cardholder(OTHER_ACCOUNT), OTHER_ACCOUNT)
    authorization = rows.authorization(card, OTHER_ACCOUNT)
    transaction, topup = rows.transaction(authorization, OTHER_ACCOUNT), rows.topup(OTHER_ACCOUNT)
    for row in (card, card.cardholder, authorization, transaction, topup):
        swapped = path_of(row).replace(OTHER_ACCOUNT, ACCOUNT)
        assert sam.get(swapped).status_code == 404
        entry = AuditEntry.objects.filter(action="access.refused", subject=row.pk).get()
        assert (entry.account_id, entry.detail["belongs_to"]) == (ACCOUNT, OTHER_ACCOUNT)
    assert sam.get(f"/{ACCOUNT}/issuing/cards/ic_1Nowhere").status_code == 404


def test_without_a_work_session_a_page_asks_for_the_reason_and_comes_back(sam: Client) -> None:
    card = rows.card(account=OTHER_ACCOUNT)
    answer = sam.get(path_of(card))
    assert answer.headers["Location"].startswith(f"/connect/accounts/{OTHER_ACCOUNT}/view-as?next=")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_words_and_nothing_else(sam: Client, name: str) -> None:
    holder = rows.cardholder(name=name, requirements={"disabled_reason": name, "past_due": [name]})
    card = rows.card(holder, spending_controls={"blocked_categories": [name]}, cancellation_reason=name)
    authorization = rows.authorization(card, reason=name[:60], merchant_data={"name": name, "category": name})
    transaction = rows.transaction(authorization, merchant_data={"name": name}, type=name[:30])
    rows.topup(description=name, failure_message=name, failure_code=name, status=name[:30])
    for row in (holder, card, authorization, transaction):
        assert name.split()[0] in text(sam, path_of(row))
    for path in ("issuing/overview", "issuing/cardholders", "issuing/cards", "issuing/authorizations", "topups"):
        text(sam, f"/{ACCOUNT}/{path}")
    for noun in ("cardholder", "card", "authorization", "transaction", "topup"):
        text(sam, f"/issuing/{noun}/")


def test_the_account_page_counts_cards_and_names_the_last_use(sam: Client) -> None:
    card = rows.card(rows.cardholder())
    rows.card(card.cardholder, status="canceled")
    rows.authorization(card)
    rows.balance(232056)
    page = text(browser("vera"), f"/connect/accounts/{ACCOUNT}")
    assert "Cardholders 1 Cards 2 1 active, 1 canceled Issuing balance 2,320.56 USD Last used" in page


def test_the_timeline_tells_authorizations_in_words(sam: Client) -> None:
    card = rows.card(rows.cardholder())
    declined = rows.authorization(card, reason="card_inactive")
    for row, noun, field, after in (
        (declined, "issuing.authorization", "object", "created"),
        (card, "issuing.card", "status", "canceled"),
        (card.cardholder, "issuing.cardholder", "requirements.disabled_reason", None),
        (rows.topup(), "topup", "status", "succeeded"),
        (rows.transaction(), "issuing.transaction", "object", "created"),
    ):
        StateChange.objects.create(
            account_id=ACCOUNT,
            at=clock.now(),
            source="event",
            source_id=f"evt_{row.pk}",
            subject=row.pk,
            noun=noun,
            field=field,
            after=after,
        )
    page = text(sam, f"/{ACCOUNT}/activity")
    for words in (
        "184.20 USD at Shell Oil 57444 was declined: card inactive",
        "Card •• 4417 is canceled",
        "Cardholder Jonas Aaltonen: Stripe has what it asked for; cards may work",
        "Top-up of 5,000.00 USD succeeded",
        "Capture of 7.00 USD at Shell Oil 57444",
    ):
        assert words in page

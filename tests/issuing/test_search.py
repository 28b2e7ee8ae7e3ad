"""One box for ids, last four, names and e-mail addresses."""

import pytest

from tests.issuing import rows
from tests.people import ACCOUNT, browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]


def test_each_id_leads_straight_to_its_page() -> None:
    card = rows.card(rows.cardholder())
    authorization = rows.authorization(card)
    made = {
        card.pk: f"issuing/cards/{card.pk}",
        str(card.cardholder_id): f"issuing/cardholders/{card.cardholder_id}",
        authorization.pk: f"issuing/authorizations/{authorization.pk}",
    }
    transaction, topup = rows.transaction(authorization), rows.topup()
    made |= {transaction.pk: f"issuing/transactions/{transaction.pk}", topup.pk: f"topups/{topup.pk}"}
    for object_id, path in made.items():
        answer = browser("sam").get("/search", {"q": object_id})
        assert answer.headers["Location"] == f"/{ACCOUNT}/{path}"


def test_a_dashboard_link_leads_to_our_page() -> None:
    card = rows.card()
    link = f"https://dashboard.stripe.com/{ACCOUNT}/test/issuing/cards/{card.pk}"
    assert browser("sam").get("/search", {"q": link}).headers["Location"] == f"/{ACCOUNT}/issuing/cards/{card.pk}"


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("4417", {"Cards"}),
        ("aaltonen", {"Cards", "Cardholders"}),
        ("jonas@kestrel.example", {"Cardholders"}),
        ("0000", set()),
    ],
)
def test_last_four_names_and_e_mail_addresses_are_found(words: str, titles: set[str]) -> None:
    rows.card(rows.cardholder())
    answer = browser("sam").get("/search", {"q": words})
    assert {group["title"] for group in answer.context["groups"]} == titles


def test_an_unknown_id_is_said_to_be_unknown() -> None:
    assert b"Nothing here has this id" in browser("vera").get("/search", {"q": "ic_1Nowhere"}).content

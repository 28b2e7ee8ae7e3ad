"""The lists of authorizations: of one account, and of all."""

import pytest
from django.test import Client

from issuing.authorizations import words as authorizations_words
from tests.issuing import rows
from tests.issuing.acting import shown
from tests.people import ACCOUNT, browser

pytestmark = pytest.mark.django_db


def _linked(page: str, rel: str) -> str:
    """The query of the link to a neighbouring page, "" for none."""
    _, found, after = page.partition(f'rel="{rel}" href="')
    return after.partition('"')[0].replace("&amp;", "&") if found else ""


@pytest.mark.parametrize("path", ["/issuing/authorization/", f"/{ACCOUNT}/issuing/authorizations"])
def test_pages_follow_each_other_without_losing_or_doubling_a_row(sam: Client, path: str) -> None:
    card = rows.card(rows.cardholder())
    same_second = rows.moment()
    for place in range(120):
        rows.authorization(card, merchant_data={"name": f"Shop {place:03d}."}, at=same_second - place // 3)
    seen: list[str] = []
    address = path
    for _ in range(3):
        answer = sam.get(address)
        page = answer.content.decode()
        seen += [f"Shop {place:03d}." for place in range(120) if f">Shop {place:03d}.<" in page]
        address = path + _linked(page, "next")
    assert sorted(seen) == [f"Shop {place:03d}." for place in range(120)]
    assert address == path
    assert 'rel="prev"' in page
    back = sam.get(path + _linked(page, "prev")).content.decode()
    assert back.count(">Shop ") == 50


def test_tabs_count_each_outcome_once(sam: Client) -> None:
    card = rows.card()
    rows.authorization(card)
    rows.authorization(card, status="closed")
    rows.authorization(card, reason="card_inactive")
    rows.authorization(card, status="reversed", amount=0)
    answer = sam.get(f"/{ACCOUNT}/issuing/authorizations")
    counts = {tab["label"]: tab["count"] for tab in answer.context["tabs"]}
    assert counts == {"All": 4, "Approved": 1, "Declined": 1, "Pending": 1, "Reversed": 1, "Expired": 0}
    declined = sam.get(f"/{ACCOUNT}/issuing/authorizations?outcome=declined")
    assert [row.outcome for row in declined.context["rows"]] == ["declined"]


def test_a_row_whose_parents_have_not_arrived_stays_in_every_list(sam: Client) -> None:
    stray = rows.authorization(cardholder="ich_missing", card="ic_missing")
    assert stray.pk in shown(sam, f"/{ACCOUNT}/issuing/authorizations")
    page = shown(browser("vera"), "/issuing/authorization/")
    assert stray.pk in page
    assert "Not yet imported" in page


def test_a_reason_stands_beside_a_declined_authorization_alone(sam: Client) -> None:
    card = rows.card(rows.cardholder())
    rows.authorization(card, merchant_data={"name": "Declined shop"}, reason="insufficient_funds")
    rows.authorization(card, merchant_data={"name": "Corner shop"})
    for path in (f"/{ACCOUNT}/issuing/authorizations", "/issuing/authorization/"):
        page = shown(sam, path).partition("<tbody")[2].partition("</tbody>")[0]
        approved, declined = sorted(page.split("<tr")[1:], key=lambda row: "Declined shop" in row)
        assert "Corner shop" in approved
        assert authorizations_words.REASONS["insufficient_funds"].title.lower() in declined.lower()
        assert authorizations_words.REASONS["card_active"].title.lower() not in approved.lower(), path

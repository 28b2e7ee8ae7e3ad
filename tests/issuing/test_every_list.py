"""The lists of every noun: of one account, and those across all accounts."""

import pytest
from django.test import Client

from tests.costs import MOST, cost
from tests.issuing import rows
from tests.issuing.acting import shown
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]
NAMES = ("cardholders", "cards", "authorizations", "transactions")
ADMIN = ("cardholder", "card", "authorization", "transaction", "topup")


@pytest.mark.parametrize("name", [*(f"issuing/{name}" for name in NAMES), "topups"])
def test_an_empty_list_says_what_belongs_there_and_a_narrowed_one_offers_to_clear(sam: Client, name: str) -> None:
    assert "yet</h2>" in shown(sam, f"/{ACCOUNT}/{name}")
    tab = shown(sam, f"/{ACCOUNT}/{name}?status=active&outcome=declined&type=refund")
    assert "Nothing matches these filters" in tab
    assert "Nothing matches these filters" in shown(sam, f"/{ACCOUNT}/{name}?older=2020-01-01T00:00:00%2B00:00,x")


@pytest.mark.parametrize("name", [*(f"issuing/{name}" for name in NAMES), "topups"])
def test_a_list_costs_the_same_queries_for_one_row_and_for_twenty(sam: Client, name: str) -> None:
    rows.many(1)
    one = cost(sam, f"/{ACCOUNT}/{name}")
    rows.many(19)
    assert "20 rows" in shown(sam, f"/{ACCOUNT}/{name}")
    assert cost(sam, f"/{ACCOUNT}/{name}") == one <= MOST


@pytest.mark.parametrize("noun", ADMIN)
def test_a_list_over_all_accounts_costs_the_same_queries_for_one_row_and_for_twenty(noun: str) -> None:
    known_accounts()
    vera = browser("vera")
    rows.many(1)
    one = cost(vera, f"/issuing/{noun}/")
    rows.many(19)
    page = shown(vera, f"/issuing/{noun}/")
    assert "20 rows" in page
    assert "Alder Freight" in page
    assert cost(vera, f"/issuing/{noun}/") == one <= MOST


@pytest.mark.parametrize(
    ("path", "words", "found"),
    [
        ("cards", "4417", 1),
        ("cards", "Jonas", 1),
        ("cards", "9999", 0),
        ("cardholders", "jonas@kestrel", 1),
        ("cardholders", "nobody", 0),
        ("authorizations", "shell", 1),
        ("authorizations", "4417", 1),
        ("transactions", "SHELL", 1),
        ("transactions", "' OR 1=1 --", 0),
    ],
)
def test_search_finds_by_what_staff_are_told_on_the_phone(sam: Client, path: str, words: str, found: int) -> None:
    rows.transaction(rows.authorization(rows.card(rows.cardholder())))
    rows.card(rows.cardholder(OTHER_ACCOUNT, name="Jonas Elsewhere"), OTHER_ACCOUNT)
    answer = sam.get(f"/{ACCOUNT}/issuing/{path}", {"q": words})
    assert len(answer.context["rows"]) == found


@pytest.mark.parametrize(
    "query",
    ["status=of_tomorrow", "outcome=of_tomorrow", "created=7", "reason=card_inactive", "older=x", "newer=,", "q=%25"],
)
def test_odd_addresses_of_lists_are_answered(query: str) -> None:
    known_accounts()
    rows.many(1)
    for noun in ADMIN:
        assert browser("vera").get(f"/issuing/{noun}/?{query}").status_code in (200, 302)

"""The lists of one account, and those across all accounts."""

import pytest
from django.test import Client

from issuing.authorizations import words as authorizations_words
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, view_as

pytestmark = pytest.mark.django_db
NAMES = ("cardholders", "cards", "authorizations", "transactions")
ADMIN = ("cardholder", "card", "authorization", "transaction", "topup")


@pytest.fixture
def sam() -> Client:
    """Support's browser, viewing as the first of two accounts."""
    known_accounts()
    client = browser("sam")
    view_as(client)
    return client


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def many(count: int) -> None:
    """So many of each noun, with the account."""
    for place in range(count):
        card = rows.card(rows.cardholder(name=f"Holder {place}"), last4=f"{place:04d}")
        authorization = rows.authorization(card, merchant_data={"name": f"Shop {place}"})
        rows.transaction(authorization)
        rows.topup()


@pytest.mark.parametrize("name", [*(f"issuing/{name}" for name in NAMES), "topups"])
def test_an_empty_list_says_what_belongs_there_and_a_narrowed_one_offers_to_clear(sam: Client, name: str) -> None:
    assert "yet</h2>" in shown(sam, f"/{ACCOUNT}/{name}")
    tab = shown(sam, f"/{ACCOUNT}/{name}?status=active&outcome=declined&type=refund")
    assert "Nothing matches these filters" in tab
    assert "Nothing matches these filters" in shown(sam, f"/{ACCOUNT}/{name}?older=2020-01-01T00:00:00%2B00:00,x")


@pytest.mark.parametrize("name", [*(f"issuing/{name}" for name in NAMES), "topups"])
def test_a_list_costs_the_same_queries_for_one_row_and_for_twenty(sam: Client, name: str) -> None:
    many(1)
    one = cost(sam, f"/{ACCOUNT}/{name}")
    many(19)
    assert "20 rows" in shown(sam, f"/{ACCOUNT}/{name}")
    assert cost(sam, f"/{ACCOUNT}/{name}") == one <= MOST


@pytest.mark.parametrize("noun", ADMIN)
def test_a_list_over_all_accounts_costs_the_same_queries_for_one_row_and_for_twenty(noun: str) -> None:
    known_accounts()
    vera = browser("vera")
    many(1)
    one = cost(vera, f"/issuing/{noun}/")
    many(19)
    page = shown(vera, f"/issuing/{noun}/")
    assert "20 rows" in page
    assert "Alder Freight" in page
    assert cost(vera, f"/issuing/{noun}/") == one <= MOST


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


def _linked(page: str, rel: str) -> str:
    """The query of the link to a neighbouring page, "" for none."""
    _, found, after = page.partition(f'rel="{rel}" href="')
    return after.partition('"')[0].replace("&amp;", "&") if found else ""


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


def test_counts_stop_at_ten_thousand(sam: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.lists.listing.COUNTED", 2)
    many(3)
    tabs = sam.get(f"/{ACCOUNT}/issuing/cards").context["tabs"]
    assert tabs[0]["count"] == "2+"


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


def test_a_list_holds_the_rows_of_its_account_alone(sam: Client) -> None:
    rows.card(account=OTHER_ACCOUNT, last4="8888")
    assert "8888" not in shown(sam, f"/{ACCOUNT}/issuing/cards")
    assert "8888" in shown(browser("vera"), "/issuing/card/")


def test_a_row_whose_parents_have_not_arrived_stays_in_every_list(sam: Client) -> None:
    stray = rows.authorization(cardholder="ich_missing", card="ic_missing")
    assert stray.pk in shown(sam, f"/{ACCOUNT}/issuing/authorizations")
    page = shown(browser("vera"), "/issuing/authorization/")
    assert stray.pk in page
    assert "Not yet imported" in page


def test_e_mail_addresses_are_masked_for_those_who_may_not_see_them(sam: Client) -> None:
    rows.cardholder()
    assert "jonas@kestrel.example" in shown(sam, "/issuing/cardholder/")
    masked = shown(browser("vera"), "/issuing/cardholder/")
    assert "jonas@kestrel.example" not in masked
    assert "j•••@kestrel.example" in masked


@pytest.mark.parametrize(
    "query",
    ["status=of_tomorrow", "outcome=of_tomorrow", "created=7", "reason=card_inactive", "older=x", "newer=,", "q=%25"],
)
def test_odd_addresses_of_lists_are_answered(query: str) -> None:
    known_accounts()
    many(1)
    for noun in ADMIN:
        assert browser("vera").get(f"/issuing/{noun}/?{query}").status_code in (200, 302)


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

"""The overview of Issuing, viewed as the account."""

import pytest
from django.test import Client, RequestFactory

from accounts.account.models import Account
from issuing.cards.models import Card
from issuing.overview.noun import account_panel
from tests.accounts import builders
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.issuing.acting import text
from tests.people import ACCOUNT, browser, known_accounts, person, work

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def test_the_overview_adds_up(sam: Client) -> None:
    card = rows.card(rows.cardholder())
    rows.authorization(card)
    rows.balance_transaction(1750000, "topup")
    rows.balance_transaction(-1408444, "issuing_transaction")
    rows.balance_transaction(-109500, "issuing_authorization_hold")
    rows.balance(232056, payments=987402)
    page = text(sam, f"/{ACCOUNT}/issuing/overview")
    for words in (
        "Issuing Enabled Cards work.",
        "2,320.56 USD",
        "Funded 17,500.00",
        "Spent −14,084.44",
        "Held by open authorizations −1,095.00",
        "Available 2,320.56",
        "9,874.02 USD available",
        "Issuing balance, last 14 days",
        "Shell Oil 57444",
    ):
        assert words in page
    assert "do not yet make" not in page


def test_what_is_not_imported_is_not_shown_as_nothing(sam: Client) -> None:
    page = text(sam, f"/{ACCOUNT}/issuing/overview")
    assert "Not yet imported" in page
    assert "0.00" not in page


@pytest.mark.parametrize(
    ("there", "step"),
    [((), 0), (("cardholder",), 1), (("cardholder", "card"), 2), (("cardholder", "card", "money"), 3)],
)
def test_the_overview_says_what_is_still_missing_before_the_first_authorization(
    sam: Client, there: tuple[str, ...], step: int
) -> None:
    holder = rows.cardholder() if "cardholder" in there else None
    if "card" in there:
        rows.card(holder)
    rows.balance(1000 if "money" in there else 0)
    found = sam.get(f"/{ACCOUNT}/issuing/overview").context["next_step"]
    assert [done for _, done in found["steps"]] == [True] * step + [False] * (4 - step)


def test_a_used_account_needs_no_first_steps(sam: Client) -> None:
    rows.authorization(rows.card(rows.cardholder()))
    assert sam.get(f"/{ACCOUNT}/issuing/overview").context["next_step"] is None


@pytest.mark.parametrize("status", ["", "inactive", "active"])
def test_the_first_steps_cost_no_more_than_a_page(status: str) -> None:
    builders.capability(builders.account(ACCOUNT))
    rows.balance(1000)
    if status:
        rows.card(rows.cardholder(), status=status)
    client, path = browser("ana"), f"/{ACCOUNT}/issuing/overview"
    work(client)
    assert client.get(path).context["next_step"]
    assert cost(client, path) <= MOST


def test_cards_are_counted_no_further_than_a_thousand() -> None:
    known_accounts()
    cards = (Card(id=f"ic_{n}", account_id=ACCOUNT, data={}, as_of=1, status="active") for n in range(1_001))
    Card.every.bulk_create(cards)
    request = RequestFactory().get("/")
    request.user = person("vera")
    panel = account_panel(request, Account.objects.get(pk=ACCOUNT))
    assert (panel["cards"], panel["by_status"]) == ("1,000+", "1,000+ active")
    assert Card.count_of(ACCOUNT) == 1_000

"""The pages of one account's Issuing objects, viewed as it."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.history.models import StateChange
from console.record.models import AuditEntry
from gateway import clock
from tests.answers import check_headers, check_page
from tests.costs import MOST, cost
from tests.issuing import rows
from tests.people import ACCOUNT, OTHER_ACCOUNT, browser, known_accounts, view_as, work

pytestmark = pytest.mark.django_db
CONTROLLER = {
    "type": "application",
    "stripe_dashboard": {"type": "none"},
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "application",
}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "{{ request.user }}{% debug %}",
    '<a href="javascript:alert(3)">x</a>',
    "</title><svg onload=alert(4)>",
    "A merchant " + "with a very long name " * 12,
)


@pytest.fixture
def sam() -> Client:
    """Support's browser, viewing as the first of two accounts, which may issue."""
    known_accounts()
    data = {
        "id": ACCOUNT,
        "object": "account",
        "business_profile": {"name": "Alder Freight"},
        "country": "US",
        "controller": CONTROLLER,
        "capabilities": {"card_issuing": "active"},
    }
    rows.put(Account, data, ACCOUNT)
    capability = {"id": "card_issuing", "object": "capability", "requested": True, "status": "active"}
    rows.put(Capability, capability, ACCOUNT)
    client = browser("sam")
    view_as(client)
    return client


def text(client: Client, path: str, status: int = 200) -> str:
    """A page's words, without its markup; every page is looked at on the way."""
    answer = client.get(path)
    assert answer.status_code == status, path
    check_headers(answer)
    check_page(answer)
    body = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(html.unescape(body).split())


def path_of(row: Any) -> str:
    return str(row.get_absolute_url())


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


def test_balance_transactions_that_do_not_make_the_balance_are_said_to_be_incomplete(sam: Client) -> None:
    rows.balance_transaction(1000, "topup")
    rows.balance(5000)
    assert "These movements do not yet make the 50.00 USD that Stripe says" in text(sam, f"/{ACCOUNT}/balance/overview")


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


def test_a_declined_increment_is_told_apart_from_a_declined_authorization(sam: Client) -> None:
    card, at = rows.card(rows.cardholder()), rows.moment()
    first = {"amount": 100, "approved": True, "created": at, "currency": "usd", "reason": "card_active"}
    more = {"amount": 900, "approved": False, "created": at, "currency": "usd", "reason": "insufficient_funds"}
    row = rows.authorization(card, amount=100, request_history=[first, more])
    page = text(sam, path_of(row))
    assert "Approved, but the last request was declined: insufficient funds" in page
    assert "2 requests" in page


def test_an_authorization_without_history_or_parents_is_shown(sam: Client) -> None:
    bare = rows.authorization(request_history=[], merchant_data={"name": None}, verification_data=None)
    assert "Stripe sent none." in text(sam, path_of(bare))
    stray = rows.transaction(card="ic_missing", cardholder="ich_missing", merchant_data=None)
    assert "an unnamed merchant" in text(sam, path_of(stray))


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


def test_what_stripe_asks_of_a_cardholder_stands_above_everything_else(sam: Client) -> None:
    keys = [f"individual.card_issuing.user_terms_acceptance.{name}" for name in ("date", "ip")]
    row = rows.cardholder(requirements={"disabled_reason": "requirements.past_due", "past_due": keys})
    page = text(sam, path_of(row))
    assert "Each card of this cardholder is declined until Stripe has what it asks for." in page
    assert "Acceptance of the authorized-user terms, by themselves" in page
    assert keys[0] in page


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

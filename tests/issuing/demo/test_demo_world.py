"""What the demo world is made of: every state of accounts and cards, and authorizations as people know them."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command

from accounts.account import words
from accounts.capabilities import words as capability_words
from accounts.management.commands.seed_accounts import control
from gateway import client
from issuing.authorizations.models import Authorization
from issuing.cardholders.models import Cardholder
from issuing.cards.models import Card
from issuing.demo.build import SLOT, Builder, begin
from issuing.demo.names import BUSINESSES, DRINKS, SHOPS
from issuing.demo.plan import Step, plan
from issuing.transactions.models import Transaction
from tests.sandbox_process import SandboxProcess

END, DAY = 1_795_197_600, 86_400
PURCHASES = {"authorize", "capture", "reverse", "refund"}
TELLING = {"kestrel", "pemberton", "okafor", "thistle"}  # stopped, lost, unsigned, out of money
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alike]


def live(steps: list[Step]) -> None:
    begin(steps[0].at // DAY * DAY)
    Builder(f"test-{END}").run(steps, lambda *_: None)
    control("clock", {"set": END})


def every(path: str, account: str | None) -> Iterator[dict[str, Any]]:
    return (each for page in client.pages(path, account=account) for each in page.data["data"])


def issuers() -> Iterator[str]:
    return (each["id"] for each in every("/v1/accounts", None) if "card_issuing" in each["capabilities"])


def test_forty_accounts_show_every_badge_and_120_cards_every_status(sandbox: SandboxProcess) -> None:
    live([step for step in plan(1, 40, END) if step.kind not in PURCHASES])
    accounts = list(every("/v1/accounts", None))
    assert sorted(each["business_profile"]["name"] for each in accounts) == sorted(name for _, name, *_ in BUSINESSES)
    assert {words.overall(each).name for each in accounts} == set(capability_words.OVERALL)
    assert {issuing_badge(each) for each in accounts} == set(capability_words.ISSUING)
    reasons = {off.title for each in accounts if (off := words.why_off(each, own_issuing(each)))}
    assert reasons >= {"Stripe is reviewing the account", "paused by the platform", "paused, because it was not used",
                       "rejected by the platform", "details are past due", "onboarding has not begun"}  # fmt: skip
    cards = [card for account in issuers() for card in every(Card.listed_at, account)]
    assert len(cards) == 120
    assert {card["status"] for card in cards} == {"active", "inactive", "canceled"}
    holders = [holder for account in issuers() for holder in every(Cardholder.listed_at, account)]
    assert {holder["status"] for holder in holders} >= {"active", "inactive"}
    assert {holder["requirements"]["disabled_reason"] for holder in holders} >= {None, "requirements.past_due"}


def own_issuing(account: dict[str, Any]) -> dict[str, Any] | None:
    listed = every(f"/v1/accounts/{account['id']}/capabilities", None)
    return next((each for each in listed if each["id"] == "card_issuing"), None)


def issuing_badge(account: dict[str, Any]) -> str:
    return words.issuing(account, own_issuing(account)).name


@pytest.mark.prove
def test_authorizations_end_in_every_way_and_are_declined_for_eight_reasons(sandbox: SandboxProcess) -> None:
    live([step for step in plan(1, 40, END) if step.slug in TELLING])
    tried = [each for account in issuers() for each in every(Authorization.listed_at, account)]
    assert {each["status"] for each in tried} == {"pending", "closed", "reversed", "expired"}
    assert {each["request_history"][-1]["reason"] for each in tried} == {
        "card_active",
        "account_disabled",
        "card_canceled",
        "card_inactive",
        "cardholder_inactive",
        "cardholder_verification_required",
        "insufficient_funds",
        "spending_controls",
        "verification_failed",
    }
    assert 0.7 < sum(each["approved"] for each in tried) / len(tried) < 0.97
    taken = Counter(each["type"] for account in issuers() for each in every(Transaction.listed_at, account))
    assert taken["capture"] > 10 * taken["refund"] > 0
    assert any(dry(account) for account in issuers())


def dry(account: str) -> bool:
    """Whether less is left than a tank of fuel costs."""
    return bool(client.get("/v1/balance", account=account).data["issuing"]["available"][0]["amount"] < 100_00)


def test_merchants_fit_their_category_and_their_price() -> None:
    shops = {name: shop for own in SHOPS.values() for shop in (*own, DRINKS) for name in shop.names}
    steps = [step for step in plan(1, 40, END) if step.kind == "authorize"]
    for step in steps:
        shop = shops[step.params["merchant_data"]["name"]]
        assert step.params["merchant_data"]["category"] == shop.category
        assert shop.least // 100 * 100 <= step.params["amount"] <= shop.most
    assert len({step.params["amount"] for step in steps}) > len(steps) // 2


def test_authorizations_spread_over_three_weeks_and_the_hours_of_work() -> None:
    moments = [datetime.fromtimestamp(step.at, UTC) for step in plan(1, 40, END) if step.kind == "authorize"]
    assert len({moment.date() for moment in moments}) == 21
    weekdays, hours = Counter(moment.weekday() for moment in moments), Counter(moment.hour for moment in moments)
    assert weekdays[6] < weekdays[5] < min(weekdays[day] for day in range(5))
    assert not any(hours[hour] for hour in range(2, 12))
    assert max(hours.values()) < len(moments) / 5


def test_few_authorizations_share_a_moment() -> None:
    moments = Counter(step.at // SLOT for step in plan(1, 40, END) if step.kind == "authorize")
    assert max(moments.values()) <= 8
    assert len(moments) > 1_500


def test_nobody_is_called_after_a_test() -> None:
    made = [step for step in plan(1, 40, END) if step.kind in {"account", "cardholder"}]
    names = [str(step.params.get("name") or step.params["seed"].name) for step in made]
    assert not [name for name in names if "test" in name.lower() or any(sign.isdigit() for sign in name)]


@pytest.mark.parametrize("seed", range(1, 9))
def test_there_are_120_cards_whatever_the_seed(seed: int) -> None:
    assert sum(step.kind == "card" for step in plan(seed, 40, END)) == 120


def test_a_world_ends_by_this_machines_clock_however_far_the_last_one_moved_it(sandbox: SandboxProcess) -> None:
    call_command("demo", accounts=1, no_mirror=True)
    control("clock", {"advance": "40d"})
    call_command("demo", accounts=1, no_mirror=True, reset=True)
    shown, now = sandbox.control("clock")["now"], time.time()
    assert now - 5 < shown <= now
    account = sandbox.api("GET", "/v1/accounts")[1]["data"][0]["id"]
    told = client.get("/v1/issuing/authorizations", {"limit": 1}, account=account).data["data"][0]
    assert shown - 3 * DAY < told["created"] <= shown  # a card rests on some days
    made = sandbox.api("POST", f"/v1/accounts/{account}", {"metadata[turn]": "1"})[0]
    events = sandbox.api("GET", "/v1/events", {"created[lte]": str(int(time.time()))}, account=account)[1]["data"]
    assert (made, events[0]["data"]["object"].get("metadata", {}).get("turn")) == (200, "1")

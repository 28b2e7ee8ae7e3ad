"""Every page says the same of Issuing that is off: the account's, its overview, home, the list."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection

from accounts.account.models import Account
from accounts.capabilities.models import Capability
from accounts.history.models import StateChange
from accounts.issuing_off import models
from gateway import clock
from tests.accounts import builders
from tests.accounts.builders import requirements
from tests.costs import MOST, MOST_OF_ACCOUNT, cost
from tests.people import browser, view_as

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
OFF = {"card_issuing": "inactive"}
URL = "/connect/accounts/acct_1Kestrel"


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    cache.clear()


def stopped(reason: str | None, account_id: str = "acct_1Kestrel", **data: Any) -> Account:
    """An account whose card_issuing is inactive for this reason."""
    account = builders.account(account_id, capabilities=OFF, **data)
    builders.capability(account, status="inactive", requirements=requirements(disabled_reason=reason))
    return account


def changed(account: Account, field: str, after: str, second: int, source: str = "event") -> None:
    """History of card_issuing."""
    said = {"subject": "card_issuing", "noun": "capability", "field": field, "before": "x", "after": after}
    at = clock.from_unix(second)
    StateChange.objects.create(account=account, at=at, source=source, source_id=f"evt_{second}", **said)


def html(path: str, who: str = "otto") -> str:
    answer = browser(who).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_account_page_says_what_why_since_when_whose_move_and_what_next() -> None:
    account = stopped("platform_paused")
    changed(account, "status", "inactive", 1_790_000_500)
    changed(account, "requirements.disabled_reason", "platform_paused", 1_790_000_500)
    off = browser("otto").get(URL).context["off"]
    assert (off.title, off.move, off.since) == ("paused by the platform", "staff", clock.from_unix(1_790_000_500))
    page = html(URL)
    for said in ("Issuing is off: paused by the platform", "The platform has paused it.", "Open at Stripe",
                 "Since <time", "Staff lift the pause"):  # fmt: skip
        assert said in page


def test_what_a_reading_found_says_at_the_latest() -> None:
    account = stopped("under_review_of_moon")
    changed(account, "status", "inactive", 1_790_000_500, source="sync")
    assert "At the latest since" in html(URL)


def test_waiting_for_stripe_has_no_button_and_says_so() -> None:
    stopped("pending.review")
    answer = browser("otto").get(URL)
    assert answer.context["off_button"] is None
    assert "Wait for Stripe" in answer.content.decode()


def test_the_button_is_for_those_for_whom_it_works() -> None:
    stopped("pending.onboarding")
    assert browser("otto").get(URL).context["off_button"].url == f"{URL}/do/accounts.create_account_link"
    answer = browser("vera").get(URL)
    assert answer.context["off_button"] is None
    assert "An operator has the button." in answer.content.decode()


def test_the_button_that_reads_again_leads_to_a_page() -> None:
    account = builders.account(capabilities=OFF)
    url = browser("otto").get(account.get_absolute_url()).context["off_button"].url
    assert browser("otto").get(url).status_code == 200


def test_overview_says_the_same_with_its_button() -> None:
    stopped("paused.inactivity")
    sam = browser("sam")
    view_as(sam, "acct_1Kestrel")
    answer = sam.get("/acct_1Kestrel/issuing/overview")
    assert answer.context["off"].title == "paused, because it was not used"
    assert "until a requirement is met" not in answer.content.decode()
    assert cost(sam, "/acct_1Kestrel/issuing/overview") <= MOST


def test_pages_of_an_account_that_is_off_stay_below_their_ceilings() -> None:
    account = stopped("requirements.fields_needed", requirements=requirements(past_due=["company.phone"]))
    changed(account, "status", "inactive", 1_790_000_500)
    for number in range(8):
        stopped("platform_paused", f"acct_1Other{number}")
        stopped("pending.review", f"acct_1Wait{number}")
    assert cost(browser("otto"), URL) <= MOST_OF_ACCOUNT
    assert cost(browser("otto"), "/accounts/account/") <= MOST
    one = cost(browser("otto"), "/")
    for number in range(8):
        stopped("platform_paused", f"acct_1More{number}")
    assert cost(browser("otto"), "/") == one


def test_home_lists_those_that_need_a_person_and_those_that_wait_for_stripe() -> None:
    stopped("platform_paused", "acct_1Paused")
    stopped("pending.review", "acct_1Review")
    stopped("rejected.other", "acct_1Rejected")
    stopped("platform_disabled", "acct_1Away", requirements=requirements(disabled_reason="rejected.platform_other"))
    builders.account("acct_1Bare", capabilities=OFF)
    builders.account("acct_1Express", controller={"type": "account"}, capabilities=OFF)
    silent = requirements(disabled_reason="under_review")
    stopped("other", "acct_1Silent", requirements=silent)
    builders.account("acct_1On")
    answer = browser("otto").get("/")
    items = {item.account_id: item.title for item in answer.context["items"]}
    assert items == {
        "acct_1Paused": "Issuing is off: paused by the platform",
        "acct_1Bare": "Issuing is off: its reason is not read yet",
    }
    panel = next(each for each in answer.context["panels"] if each["panel"].name == "waiting")
    assert {row.pk: off.move for row, off in panel["context"]["rows"]} == {
        "acct_1Review": "stripe",
        "acct_1Silent": "stripe",
    }


@pytest.mark.parametrize(("value", "expected"), [("staff", ["acct_1Paused"]), ("stripe", ["acct_1Review"])])
def test_the_list_that_home_leads_to_shows_the_same(value: str, expected: list[str]) -> None:
    stopped("platform_paused", "acct_1Paused")
    stopped("pending.review", "acct_1Review")
    answer = browser("otto").get(f"/accounts/account/?off={value}")
    assert [row.pk for row in answer.context["cl"].result_list] == expected


def test_what_stripe_asks_for_is_counted_once() -> None:
    due = requirements(past_due=["company.phone"], currently_due=["company.phone"])
    account = builders.account(capabilities=OFF, requirements=due)
    builders.capability(account, status="inactive", requirements=due)
    assert [item.title for item in browser("otto").get("/").context["items"]] == ["The company: phone number"]


def test_list_and_badges_name_the_reason() -> None:
    stopped("paused.inactivity")
    assert "paused, because it was not used" in html("/accounts/account/")
    badges = html(f"{URL}/live")
    assert "Paused: the account was not used for a long time. Staff’s move:" in badges


def test_gone_account_has_no_next_step() -> None:
    account = stopped("platform_paused")
    Account.objects.filter(pk=account.pk).update(gone_at=clock.now())
    assert browser("otto").get(URL).context["off"] is None
    assert not Account.objects.off_unasked("staff")


def test_columns_of_rows_that_were_there_before_are_filled() -> None:
    account = stopped("platform_paused")
    bare = builders.account("acct_1Bare", capabilities=OFF)
    Account.objects.update(mover=""), Capability.objects.update(mover="")
    import_module("accounts.migrations.0005_mover").fill(apps, SimpleNamespace(connection=connection))
    assert set(Account.objects.off_unasked("staff")) == {account, bare}


def test_an_account_whose_states_change_all_the_time_hides_nothing_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "STATES", 3)
    restless, calm = stopped("platform_paused"), stopped("platform_paused", "acct_1Calm")
    changed(calm, "status", "inactive", 1_790_000_100)
    for second in range(1_790_000_200, 1_790_000_210):
        changed(restless, "status", "inactive", second)
    known = models.states_of([restless.pk, calm.pk])
    assert [row.at for row in known[calm.pk]] == [clock.from_unix(1_790_000_100)]
    assert [row.at for row in known[restless.pk]] == [clock.from_unix(1_790_000_207 + n) for n in range(3)]
    assert models.states_of([]) == {}

"""The account's pages: states, masking, hostile content, and how many queries they cost."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.account.models import Account
from tests.accounts import builders
from tests.accounts.builders import URL, requirements
from tests.answers import Inline
from tests.costs import MOST_OF_ACCOUNT, cost
from tests.people import browser

pytestmark = pytest.mark.django_db
TABS = ("overview", "requirements", "persons", "capabilities", "external_accounts", "terms", "timeline", "json")
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> {{ 7|add:424242424242 }} \u202e ' + "W" * 200


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_drawn_with_a_fixed_number_of_queries(kestrel: Account, tab: str) -> None:
    client = browser("otto")
    one = cost(client, f"{URL}?tab={tab}")
    for number in range(20):
        builders.person(kestrel, f"person_{number}x")
    assert cost(client, f"{URL}?tab={tab}") == one <= MOST_OF_ACCOUNT


@pytest.mark.parametrize("page", ["return", "link-used", "live", "live?part=timeline"])
def test_its_other_pages_stay_below_its_ceiling(kestrel: Account, page: str) -> None:
    assert cost(browser("otto"), f"{URL}/{page}") <= MOST_OF_ACCOUNT


def test_page_says_what_is_due_and_offers_to_ask_the_holder(kestrel: Account) -> None:
    page = browser("otto").get(URL).content.decode()
    assert "The company: phone number" in page
    assert f"{URL}/do/accounts.create_account_link" in page
    assert "Restricted soon" in page
    assert "Stripe’s rule" in page


def test_viewer_gets_no_button_and_masked_data(kestrel: Account) -> None:
    client = browser("vera")
    for tab in TABS:
        page = client.get(f"{URL}?tab={tab}").content.decode()
        for secret in ("marta@kestrel.example", "+15550001111", "1990", "Quay Street"):
            assert secret not in page, (tab, secret)
        assert "do/accounts.create_account_link" not in page
    assert "m•••@kestrel.example" in client.get(URL).content.decode()


def test_hostile_names_are_text_everywhere(db: None) -> None:
    fault = {"code": HOSTILE, "reason": HOSTILE, "requirement": HOSTILE}
    due = requirements(currently_due=[HOSTILE], disabled_reason=HOSTILE, errors=[fault])
    names = {"business_profile": {"name": HOSTILE}, "business_type": HOSTILE, "country": "<b>", "email": HOSTILE}
    row = builders.account(requirements=due, **names)
    builders.capability(row, status=HOSTILE[:60])
    builders.person(row, first_name=HOSTILE, last_name="")
    client = browser("otto")
    for path in [f"{URL}?tab={tab}" for tab in TABS] + ["/accounts/account/", f"{URL}/live", f"{URL}/return", "/"]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        page = answer.content.decode()
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "424242424249" not in page, path
        reader = Inline()
        reader.feed(page)
        assert not reader.found, path


def test_account_that_is_gone_says_so_and_offers_to_read_it_again_alone(kestrel: Account) -> None:
    kestrel.gone_at = timezone.now()
    kestrel.save()
    page = browser("otto").get(URL).content.decode()
    assert "No longer at Stripe" in page
    assert "Ask the holder" not in page
    assert f"{URL}/refresh" in page


def test_stub_and_stranger_are_not_found(db: None) -> None:
    Account(id="acct_1Stub", account_id="acct_1Stub").save()
    client = browser("otto")
    assert client.get("/connect/accounts/acct_1Stub").status_code == 404
    assert client.get("/connect/accounts/acct_1Nobody").status_code == 404


def test_what_has_not_arrived_is_called_not_yet_imported(db: None) -> None:
    builders.account(individual={"id": "person_77"})
    client = browser("vera")
    assert "Not yet imported" in client.get(f"{URL}?tab=persons").content.decode()
    assert "Not yet imported" in client.get(f"{URL}?tab=capabilities").content.decode()
    assert "No external account" in client.get(f"{URL}?tab=external_accounts").content.decode()


def test_account_nobody_began_is_not_cried_over(db: None) -> None:
    keys = ["company.phone", "tos_acceptance.date"]
    builders.account(details_submitted=False, requirements=requirements(past_due=keys, currently_due=keys))
    client = browser("otto")
    assert "Onboarding has not begun" in client.get(URL).content.decode()
    assert "Nothing needs a person" in client.get("/").content.decode()


def test_home_queue_says_what_whose_move_and_until_when(
    kestrel: Account, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = browser("otto")
    client.get("/")
    with django_assert_max_num_queries(MOST_OF_ACCOUNT):
        page = client.get("/").content.decode()
    assert "1 thing needs a person" in page
    assert "The company: phone number" in page
    assert "Ask the holder" in page


def test_home_shows_what_is_past_due_in_red_where_no_deadline_is_known_too(db: None) -> None:
    keys = ["company.tax_id"]
    builders.account(requirements=requirements(past_due=keys, currently_due=keys, errors=[]), details_submitted=True)
    answer = browser("otto").get("/")
    assert [(item.at, item.past_due) for item in answer.context["items"]] == [(None, True)]
    assert '<span class="fuse bad">overdue</span>' in answer.content.decode()


def test_live_part_carries_its_address_and_a_version_that_turns(kestrel: Account) -> None:
    client = browser("vera")
    page = client.get(URL)
    before = client.get(f"{URL}/live").content.decode()
    assert f'data-live="{URL}/live"' in page.content.decode()
    assert f'data-live="{URL}/live"' in before
    kestrel.revision += 1
    kestrel.save()
    assert client.get(f"{URL}/live").content.decode() != before
    assert f'data-live="{URL}/live?part=actions"' in client.get(f"{URL}/live?part=actions").content.decode()


def test_json_is_stripes_own(kestrel: Account) -> None:
    page = browser("sam").get(f"{URL}?tab=json")
    assert page.context["page"].json["requirements"] == json.loads(json.dumps(kestrel.data["requirements"]))

"""The list of accounts: tabs, filters, search, pages by keyset, actions."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.account.models import Account
from gateway import clock
from tests.accounts import builders
from tests.accounts.builders import CUSTOM, requirements
from tests.costs import MOST, cost
from tests.people import browser

pytestmark = pytest.mark.django_db
LIST = "/accounts/account/"


def ids(path: str, who: str = "vera") -> list[str]:
    """The ids of the rows, in order."""
    answer = browser(who).get(path)
    assert answer.status_code == 200, path
    return [row.pk for row in answer.context["cl"].result_list]


@pytest.fixture
def five(db: None) -> None:
    """Five accounts in different states, a day apart, acct_5 the newest."""
    soon = int((clock.now() + timedelta(days=3)).timestamp())
    due = requirements(currently_due=["company.phone"], current_deadline=soon)
    states: list[dict[str, Any]] = [
        {"requirements": requirements(disabled_reason="rejected.other")},
        {"controller": {"type": "account"}, "business_type": "individual"},
        {"requirements": due, "country": "GB"},
        {"capabilities": {"card_issuing": "active", "transfers": "inactive"}},
        {"business_profile": {"name": "Ünïcode & Søns 100%"}, "email": "boss@soens.example"},
    ]
    for number, state in enumerate(states, 1):
        row = builders.account(f"acct_{number}", **{"created": 1_700_000_000 + number * 86400, **state})
        if number > 2:
            builders.capability(row, requirements=due if number == 3 else requirements())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("status=restricted", [4]),
        ("status=restricted_soon", [3]),
        ("status=rejected", [1]),
        ("status=enabled", [5, 2]),
        ("status=nonsense", []),
        ("issuing=enabled", [5, 4]),
        ("issuing=restricted_soon", [3]),
        ("issuing=cannot_issue", [2]),
        ("issuing=rejected", [1]),
        ("kind=standard", [2]),
        ("business_type=individual", [2]),
        ("country=GB", [3]),
        ("due=7", [3]),
        ("due=1", []),
        ("attention=yes", [3]),
        ("connected=7", []),
        ("q=acct_4", [4]),
        ("q=S%C3%B8ns", [5]),
        ("q=100%25", [5]),
        ("q=%27%20OR%201=1", []),
        ("q=" + "x" * 5000, []),
        ("status=enabled&country=US&q=kestrel", [2]),
    ],
)
def test_filters_and_search_find_what_they_say(five: None, query: str, expected: list[int]) -> None:
    assert ids(f"{LIST}?{query}") == [f"acct_{number}" for number in expected]


def test_unknown_parameters_lead_back_to_a_list(five: None) -> None:
    answer = browser("vera").get(f"{LIST}?password__startswith=a")
    assert answer.status_code in (302, 400)


def test_tabs_count_each_status(five: None) -> None:
    tabs = browser("vera").get(f"{LIST}?status=rejected").context["tabs"]
    assert [(tab["label"], tab["count"]) for tab in tabs] == [
        ("All", 5),
        ("Restricted", 1),
        ("Restricted soon", 1),
        ("In review", 0),
        ("Enabled", 2),
        ("Rejected", 1),
    ]
    assert [tab["label"] for tab in tabs if tab["current"]] == ["Rejected"]


def test_pages_follow_each_other_without_counting(db: None, django_assert_max_num_queries: Callable[..., Any]) -> None:
    for number in range(120):
        builders.account(f"acct_{number:03}", created=1_700_000_000 + number // 7)
    client, seen, url = browser("vera"), [], LIST
    client.get(LIST)
    for _ in range(3):
        with django_assert_max_num_queries(MOST) as captured:
            answer = client.get(url)
        counts = [query["sql"] for query in captured if "COUNT(" in query["sql"] and "accounts_account" in query["sql"]]
        assert all("LIMIT 1000" in sql for sql in counts), counts  # and 10000: of tabs
        seen += [row.pk for row in answer.context["cl"].result_list]
        url = LIST + answer.context["cl"].older_url
    assert seen == [f"acct_{number:03}" for number in reversed(range(120))]
    assert url == LIST
    back = client.get(LIST + answer.context["cl"].newer_url)
    assert [row.pk for row in back.context["cl"].result_list] == seen[50:100]


@pytest.mark.parametrize(
    "cursor", ["rubbish", ",", "2026-01-01", "2026-13-01T00:00:00Z,x", "2026-01-01T00:00:00,acct_1"]
)
def test_broken_cursors_begin_anew(five: None, cursor: str) -> None:
    assert len(ids(f"{LIST}?older={cursor}")) == 5
    assert len(ids(f"{LIST}?newer={cursor}")) == 5


def test_query_count_does_not_grow_with_the_rows(five: None) -> None:
    client = browser("otto")
    few = cost(client, LIST)
    for number in range(40):
        row = builders.account(f"acct_x{number}", requirements=requirements(past_due=["company.phone"]))
        builders.capability(row)
    assert cost(client, LIST) == few <= MOST


def test_rows_lead_to_the_accounts_page_and_so_does_the_admins_own_address(five: None) -> None:
    client = browser("vera")
    assert 'href="/connect/accounts/acct_3"' in client.get(LIST).content.decode()
    assert client.get(f"{LIST}acct_3/change/").url == "/connect/accounts/acct_3"
    assert client.get("/connect/accounts?status=rejected").url == f"{LIST}?status=rejected"


def test_empty_list_says_how_accounts_come_to_be(db: None) -> None:
    page = browser("otto").get(LIST).content.decode()
    assert "No connected accounts yet" in page
    assert "Create account" in page
    assert "Nothing is found for" in browser("otto").get(f"{LIST}?q=nobody").content.decode()


def test_stubs_are_in_no_list(db: None) -> None:
    Account(id="acct_1Stub", account_id="acct_1Stub").save()
    assert ids(LIST) == []


def test_link_for_more_than_one_account_is_refused_with_the_reason(five: None) -> None:
    client = browser("otto")
    data = {"action": "accounts.create_account_link", "_selected_action": ["acct_3", "acct_4"]}
    page = client.post(LIST, data, follow=True).content.decode()
    assert "A link is for one holder" in page
    answer = client.post(LIST, {**data, "_selected_action": ["acct_3"]})
    assert answer.url == "/connect/accounts/acct_3/do/accounts.create_account_link"


def test_refresh_of_many_leads_to_a_preview(five: None) -> None:
    answer = browser("otto").post(LIST, {"action": "accounts.refresh", "_selected_action": ["acct_3", "acct_4"]})
    assert answer.status_code == 200
    assert len(re.findall(r'name="row" value="acct_\d:', answer.content.decode())) == 2


def test_viewer_has_no_actions(five: None) -> None:
    page = browser("vera").get(LIST).content.decode()
    assert "refresh_accounts" not in page
    assert "Create account" not in page


def test_restricted_account_that_may_issue_shows_both_badges(db: None) -> None:
    late = requirements(past_due=["external_account"], disabled_reason="requirements.past_due")
    row = builders.account(
        capabilities={"card_issuing": "active", "transfers": "inactive"}, controller=CUSTOM, requirements=late
    )
    builders.capability(row)
    assert (row.issuing.name, row.overall.name, row.needs_attention) == ("enabled", "restricted", False)


@pytest.mark.parametrize(("name", "found"), [("vera", 0), ("sam", 1)])
def test_e_mail_addresses_are_searched_by_those_who_may_see_them(five: None, name: str, found: int) -> None:
    answer = browser(name).get(LIST, {"q": "boss@"})
    assert len(answer.context["cl"].result_list) == found
    assert ("e-mail" in answer.context["cl"].search_help_text) == bool(found)
    groups = browser(name).get("/search", {"q": "soens.example"}).context["groups"]
    assert len(groups) == found

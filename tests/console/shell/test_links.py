"""One address a page, as the Dashboard has it; ways out that lead to Stripe alone."""

from urllib.parse import urlsplit

import pytest

from console.shell import links, nouns
from tests.people import browser

CARD = "/acct_1A/issuing/cards/ic_1"


@pytest.mark.parametrize("name", nouns.rules())
def test_rules_lead_to_stripes_documentation(name: str) -> None:
    assert urlsplit(nouns.rules()[name])[:2] == ("https", "docs.stripe.com")


@pytest.mark.parametrize(
    ("object_id", "account", "url"),
    [
        ("acct_1A", "", "https://dashboard.stripe.com/test/connect/accounts/acct_1A"),
        ("acct_1A", "acct_1A", "https://dashboard.stripe.com/test/connect/accounts/acct_1A"),
        ("evt_1", "", "https://dashboard.stripe.com/test/events/evt_1"),
        ("evt_1", "acct_1A", "https://dashboard.stripe.com/test/acct_1A/events/evt_1"),
        ("person_1", "acct_1A", "https://dashboard.stripe.com/test/connect/accounts/acct_1A"),
        ("ic_1", "acct_1A", "https://dashboard.stripe.com/test/acct_1A/issuing/cards/ic_1"),
        ("nothing_1", "acct_1A", ""),
        ("javascript:alert(1)", "", ""),
    ],
)
def test_an_object_is_found_in_the_dashboard(object_id: str, account: str, url: str) -> None:
    assert links.dashboard_url(object_id, account) == url


def test_live_mode_has_no_test_in_its_links(settings: object) -> None:
    settings.CONSOLE_MODE = "live"  # type: ignore[attr-defined]
    assert links.dashboard_url("acct_1A") == "https://dashboard.stripe.com/connect/accounts/acct_1A"


@pytest.mark.parametrize(
    ("given", "page"),
    [
        ("/test/connect/accounts/acct_1A", "/connect/accounts/acct_1A"),
        ("/connect/accounts/acct_1A/", "/connect/accounts/acct_1A"),
        ("/test/connect/accounts/acct_1A/", "/connect/accounts/acct_1A"),
        ("/acct_1P/connect/accounts/acct_1A", "/connect/accounts/acct_1A"),
        ("/acct_1P/test/connect/accounts/acct_1A", "/connect/accounts/acct_1A"),
        (f"/test{CARD}", CARD),
        (f"{CARD}/", CARD),
        ("/acct_1A/test/issuing/cards/ic_1", CARD),
        ("//test//acct_1A//issuing/cards/ic_1", CARD),
        (CARD, CARD),
    ],
)
def test_a_page_has_one_address(given: str, page: str) -> None:
    assert links.canonical(given) == page


@pytest.mark.django_db
@pytest.mark.parametrize("given", [f"/test{CARD}", f"{CARD}/", "/acct_1A/test/issuing/cards/ic_1"])
def test_other_spellings_lead_to_it_and_keep_the_query(given: str) -> None:
    answer = browser("vera").get(f"{given}?created=today&page=2")
    assert (answer.status_code, answer["Location"]) == (302, f"{CARD}?created=today&page=2")


@pytest.mark.django_db
def test_a_post_to_another_spelling_is_refused() -> None:
    answer = browser("vera").post(f"/test{CARD}")
    assert answer.status_code == 405
    assert "It is only read" in answer.content.decode()

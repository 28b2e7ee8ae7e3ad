"""The whole line through pages: sign-in, account, hosted form, view as, cardholder, card, funds, an approved swipe."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.test_first_account import create_account, fill_hosted_form, make_link

pytestmark = pytest.mark.browser


def onboard(desk: Desk) -> str:
    """An account that can issue, by the hosted form."""
    account = create_account(desk, "Kestrel Swipes, Inc.")
    fill_hosted_form(desk, make_link(desk))
    desk.page.goto(f"/connect/accounts/{account}")
    expect(desk.page.locator("[data-live]").first).to_contain_text("Issuing Enabled", timeout=30_000)
    return account


def view_as(desk: Desk, account: str) -> None:
    """Start a work session with its reason, then switch to work."""
    page = desk.page
    page.get_by_role("link", name="View as").click()
    page.get_by_label("In words").fill("First card for a new customer")
    page.get_by_label("Ticket").fill("CS-4821")
    desk.picture("work-session")
    page.get_by_role("button", name="View as, look only").click()
    page.goto(f"/{account}/issuing/overview")
    expect(page.get_by_text("Look: nothing can be changed")).to_be_visible()
    desk.picture("overview-empty")
    page.get_by_role("button", name="Switch to work").click()
    expect(page.get_by_text("Work: changes are sent")).to_be_visible()


def send(page: Page, button: str) -> None:
    """Press the verb's own button; the reason comes filled from the work session."""
    expect(page.get_by_label("Reason")).to_have_value("First card for a new customer")
    page.get_by_role("button", name=button).click()
    page.wait_for_load_state()


def create_cardholder(desk: Desk, account: str) -> None:
    page = desk.page
    page.goto(f"/{account}/issuing/cardholders")
    page.get_by_role("link", name="Create cardholder").first.click()
    page.get_by_label("Name", exact=False).first.fill("Jonas Aaltonen")
    page.get_by_label("First name").fill("Jonas")
    page.get_by_label("Last name").fill("Aaltonen")
    page.get_by_label("Street and number").fill("500 Congress Avenue")
    page.get_by_label("City").fill("Austin")
    page.get_by_label("State or region").fill("TX")
    page.get_by_label("Postal code").fill("78701")
    page.get_by_label("Authorized-user terms accepted").fill("2026-01-05T10:00")
    page.get_by_label("Accepted from IP address").fill("8.8.4.4")
    desk.picture("create-cardholder")
    send(page, "Create cardholder")
    page.wait_for_url(re.compile("/issuing/cardholders/ich_"))


def create_card(desk: Desk) -> None:
    page = desk.page
    page.get_by_role("link", name="Create card").first.click()
    desk.picture("create-card")
    send(page, "Create card")
    page.wait_for_url(re.compile("/issuing/cards/ic_"))
    page.get_by_role("link", name="Activate card").first.click()
    send(page, "Activate card")
    page.wait_for_url(re.compile("/issuing/cards/ic_[^/]+$"))
    expect(page.get_by_text("Active").first).to_be_visible()
    desk.picture("card")


def top_up(desk: Desk, account: str) -> None:
    page = desk.page
    page.goto(f"/{account}/balance/overview")
    page.get_by_role("link", name="Top up").first.click()
    page.get_by_label("Amount").fill("1000.00")
    desk.picture("top-up")
    send(page, "Top up")
    for _ in range(40):  # Stripe's bank takes its two seconds
        page.goto(f"/{account}/balance/overview")
        if page.get_by_text("1,000.00").count() > 1:
            return
        page.wait_for_timeout(500)
    raise AssertionError("the top-up did not settle")


def swipe(desk: Desk, account: str, amount: str) -> None:
    page = desk.page
    page.goto(f"/{account}/issuing/authorizations")
    page.get_by_role("link", name="est authorization").first.click()
    card = page.get_by_label("Card", exact=True)
    card.select_option(index=card.locator("option").count() - 1)
    page.get_by_label("Amount").fill(amount)
    desk.picture("test-authorization")
    send(page, "est authorization")
    page.wait_for_url(re.compile("/issuing/authorizations/iauth_"))


def test_the_line_to_the_first_swipe(desk: Desk) -> None:
    desk.sign_in()
    account = onboard(desk)
    view_as(desk, account)
    create_cardholder(desk, account)
    create_card(desk)
    top_up(desk, account)
    swipe(desk, account, "62.15")
    expect(desk.page.get_by_text("Approved").first).to_be_visible()
    desk.picture("authorization-approved")
    swipe(desk, account, "700.00")
    expect(desk.page.get_by_text("Declined").first).to_be_visible()
    desk.picture("authorization-declined")
    desk.page.goto(f"/{account}/issuing/overview")
    desk.picture("overview")
    desk.page.get_by_role("button", name="End").click()
    expect(desk.page.get_by_text("Work: changes are sent")).to_have_count(0)

"""From sign-in to an account whose badge turned by itself, on the three real processes."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk

pytestmark = pytest.mark.browser
NAME = "Kestrel Freight Lines, Inc."


def create_account(desk: Desk, name: str = NAME) -> str:
    """Fill in the form; returns the account's id from the address of its page."""
    page = desk.page
    page.goto("/connect/accounts")
    page.get_by_role("link", name="Create account").first.click()
    page.get_by_label("Business name").fill(name)
    page.get_by_label("Legal name").fill(name)
    page.get_by_label("E-mail").fill("marta@kestrel.example")
    desk.picture("create-account")
    page.get_by_label("Reason").fill("New customer, contract signed")
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/connect/accounts/acct_*")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.url.rsplit("/", 1)[1]


def make_link(desk: Desk) -> Page:
    """Mint the link and follow it in a new tab, as the holder would."""
    page = desk.page
    page.get_by_role("link", name="Ask the holder").first.click()
    page.get_by_label("Reason").fill("The holder asked for it on the phone")
    page.get_by_role("button", name="Make onboarding link").click()
    expect(page.get_by_text("Only the holder may open this")).to_be_visible()
    desk.picture("account-link")
    with desk.context.expect_page() as opened:
        page.get_by_role("link", name="Continue on Stripe").click()
    return opened.value


def fill_hosted_form(desk: Desk, form: Page) -> None:
    """Step by step with test values, terms last, until Stripe's form sends the holder back."""
    for step in range(12):
        form.wait_for_load_state()
        if "/setup/" not in form.url:
            return
        desk.picture(f"hosted-form-{step + 1}", form)
        test_values = form.get_by_role("button", name="Use test values")
        if test_values.count():
            test_values.click()
            form.wait_for_load_state()
        form.locator("button.primary").click()
    raise AssertionError("the hosted form has no end")


def test_the_badge_turns_by_itself(desk: Desk) -> None:
    page = desk.sign_in()
    account = create_account(desk)
    desk.picture("account-new")
    watched = desk.context.new_page()
    watched.goto(f"/connect/accounts/{account}")
    expect(watched.locator("[data-live]").first).to_contain_text("Restricted")
    holder = make_link(desk)
    fill_hosted_form(desk, holder)
    expect(holder).to_have_url(f"{desk.stack.url}/connect/accounts/{account}/return")
    desk.picture("return", holder)
    # Nobody reloads this page: the signed webhook came back, and the badge turned.
    expect(watched.locator("[data-live]").first).to_contain_text("Enabled", timeout=30_000)
    desk.picture("account", watched)
    page.goto(f"/connect/accounts/{account}?tab=timeline")
    expect(page.get_by_role("link", name="make onboarding link", exact=True)).to_be_visible()


def test_a_used_link_leads_to_a_page_that_says_so(desk: Desk) -> None:
    page = desk.sign_in()
    create_account(desk, "Juniper Couriers, Inc.")
    holder = make_link(desk)
    address = page.get_by_role("link", name="Continue on Stripe").get_attribute("href")
    holder.goto(str(address))
    expect(holder).to_have_url(f"{desk.stack.url}/connect/accounts/{holder.url.split('/')[-2]}/link-used")


def test_bad_input_keeps_what_was_typed_and_sends_nothing(desk: Desk) -> None:
    page = desk.sign_in()
    before = len(desk.stack.stripe("GET", "/v1/accounts?limit=100")["data"])
    page.goto("/do/accounts.create_account/")
    page.get_by_label("Business name").fill("Typed and kept")
    page.get_by_label("Reason").fill("short")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Business name")).to_have_value("Typed and kept")
    assert len(desk.stack.stripe("GET", "/v1/accounts?limit=100")["data"]) == before
    desk.complaints.clear()  # the browser notes the 422

"""A work session that holds an act, or ends under it: in Chromium, with what was typed staying all the way."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.test_first_account import create_account

pytestmark = pytest.mark.browser
REASON, HALF_AN_HOUR = "New driver, starts on Monday", 'update(last_seen_at="2026-01-01T00:00Z")'


@pytest.fixture
def form(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The form of a new cardholder in look mode, with something typed in."""
    page = desk.sign_in()
    account = create_account(desk, request.node.name[5:45])
    page.get_by_role("link", name="View as").click()
    page.get_by_label("In words").fill("First card for a new customer")
    page.get_by_role("button", name="View as, look only").click()
    page.goto(f"/{account}/do/issuing.create_cardholder")
    page.locator("#act [name=name]").fill("Priya Raman")
    page.get_by_label("Reason").fill(REASON)
    yield page
    desk.complaints.clear()  # the browser notes each 403 and 422


def typed(page: Page) -> None:
    """What was typed is still there."""
    expect(page.locator("#act [name=name]")).to_have_value("Priya Raman")
    expect(page.get_by_label("Reason")).to_have_value(REASON)


def test_enter_presses_no_button_of_the_session_and_a_click_keeps_all(form: Page) -> None:
    form.get_by_label("Ticket").press("Enter")
    expect(form.get_by_text("Look: nothing can be changed")).to_be_visible()
    typed(form)
    form.locator("section.banner").get_by_role("button", name="Switch to work").click()
    expect(form.get_by_text("Work: changes are sent")).to_be_visible()
    typed(form)
    form.get_by_label("Ticket").press("Enter")  # sends the form: it lacks an address
    expect(form.get_by_role("alert")).to_contain_text("another look")
    expect(form.get_by_text("Work: changes are sent")).to_be_visible()
    typed(form)


def test_a_session_that_ends_while_somebody_types_is_opened_again(form: Page, desk: Desk) -> None:
    form.get_by_role("alert").get_by_role("button", name="Switch to work").click()
    typed(form)
    desk.stack.ask(f"WorkSession.objects.filter(ended_at=None).{HALF_AN_HOUR}")
    form.locator("#act").get_by_role("button", name="Create cardholder").click()
    expect(form.get_by_role("heading", name="Your work session has ended")).to_be_visible()
    expect(form.get_by_text("Priya Raman")).to_be_visible()
    form.get_by_role("button", name="Open again").click()
    typed(form)
    expect(form.get_by_text(re.compile("in look mode"))).to_be_visible()
    form.get_by_role("alert").get_by_role("button", name="Switch to work").click()
    typed(form)

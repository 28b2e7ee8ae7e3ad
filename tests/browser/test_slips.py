"""A form that asks first, and a date pasted as the console prints it, in Chromium."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.test_first_account import create_account

pytestmark = pytest.mark.browser
NAME = "Twice & Co."
PASTE = """(box) => {
  const data = new DataTransfer();
  data.setData("text", "24 Nov 2026, 14:09:03 UTC");
  box.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def test_a_second_account_of_one_name_is_asked_about_and_made_by_one_click_more(desk: Desk) -> None:
    page = desk.sign_in()
    first = create_account(desk, NAME)
    page.goto("/do/accounts.create_account/")
    page.get_by_label("Business name").fill(NAME)
    page.get_by_label("E-mail").fill("second@twice.example")
    page.get_by_label("Reason").fill("Their second company, contract signed")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent yet")
    expect(page.get_by_label("E-mail")).to_have_value("second@twice.example")
    desk.picture("asked-first")
    desk.complaints.clear()  # the browser notes the 409
    page.get_by_role("button", name="Yes: Create account").click()
    page.wait_for_url("**/connect/accounts/acct_*")
    assert first not in page.url


def test_a_date_is_pasted_as_it_is_printed(desk: Desk) -> None:
    page = desk.sign_in()
    account = create_account(desk, "Pasted Dates, Inc.")
    page.goto(f"/connect/accounts/{account}/do/accounts.record_terms")
    box = page.get_by_label("Accepted on (UTC)")
    box.evaluate(PASTE)
    expect(box).to_have_value("24 Nov 2026, 14:09:03 UTC")

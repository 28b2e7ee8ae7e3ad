"""A form says what it will send as it is typed; all cards of an account are frozen from home in four clicks."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk

pytestmark = pytest.mark.browser
REASON = "The account reports stolen cards"


def account_of(desk: Desk) -> str:
    """An account of the demo world with active cards."""
    desk.stack.command("demo", "--reset", "--accounts", "2")
    found = desk.stack.ask("Card.objects.filter(status='active').values_list('account_id', flat=True).first()")
    return str(found)


def in_work_mode(page: Page, account: str) -> None:
    page.goto(f"/connect/accounts/{account}/view-as")
    page.get_by_label("Routine check").check()
    page.locator("[name=reason]").fill(REASON)
    page.get_by_role("button", name="View as, look only").click()
    page.get_by_role("button", name="Switch to work").click()


def test_the_preview_follows_the_form_and_all_cards_are_frozen_in_four_clicks(desk: Desk) -> None:
    account, page = account_of(desk), desk.sign_in()
    name = desk.stack.ask(f"str(Account.objects.get(pk={account!r}))")
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=name).first.click()
    page.get_by_role("link", name="Deactivate all active cards").click()
    expect(page.get_by_text("What will be sent").first).to_be_visible()
    desk.picture("freeze-all")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Deactivate card for").click()
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    left = desk.stack.ask(f"Card.objects.filter(account={account!r}, status='active').count()")
    assert left == 0
    in_work_mode(page, account)
    asked = "Operation.objects.filter(verb='issuing.create_cardholder').count()"
    before = desk.stack.ask(asked)  # other journeys share the stack
    page.goto(f"/{account}/do/issuing.create_cardholder")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Still missing: Name on the card")
    page.get_by_label("Name on the card").fill("Amara Okonkwo")
    page.get_by_label("Date of birth").fill("1990-01-31")
    expect(preview).to_contain_text("name = Amara Okonkwo")
    expect(preview).to_contain_text("individual[dob][year] = •••")
    page.get_by_label("E-mail").fill("nonsense")
    expect(preview).to_contain_text("E-mail: Enter a valid email address.")
    page.get_by_role("button", name="Preview").click()
    expect(preview).not_to_have_attribute("aria-busy", "true")
    assert page.get_by_label("Date of birth").input_value() == "1990-01-31"
    assert desk.stack.ask(asked) == before
    opened = f"AccessEntry.objects.filter(path='/{account}/do/issuing.create_cardholder').count()"
    assert desk.stack.ask(opened) == 1

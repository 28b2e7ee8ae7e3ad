"""Tabs whose counts follow what happens, the current one in sight on a phone; marks of charts without colours."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Desk
from tests.stack import Stack

pytestmark = pytest.mark.browser
IN_SIGHT = """(tab) => {
  const own = tab.getBoundingClientRect(), room = tab.parentElement.getBoundingClientRect();
  return own.left >= room.left && own.right <= room.right;
}"""
MARK = "(key) => getComputedStyle(key, '::before').backgroundColor"
FILL = "(column) => getComputedStyle(column).fill"


def test_the_count_of_a_tab_follows_what_happens_at_stripe(browser: Browser, furnished: Stack) -> None:
    account = furnished.account  # type: ignore[attr-defined]
    desk = Desk(browser, furnished)
    page = desk.sign_in()
    page.goto(f"/connect/accounts/{account}?tab=persons")
    persons = page.get_by_role("navigation", name="Parts of this account").get_by_role("link", name="Persons")
    before = int(persons.locator(".pill-count").inner_text())
    persons.focus()
    furnished.stripe("POST", f"/v1/accounts/{account}/persons", "first_name=Ada&last_name=Lovelace")
    expect(persons.locator(".pill-count")).to_have_text(str(before + 1), timeout=30_000)
    expect(persons).to_have_attribute("aria-current", "page")
    expect(persons).to_be_focused()
    desk.context.close()


def test_the_current_tab_is_in_sight_on_a_phone(browser: Browser, furnished: Stack) -> None:
    desk = Desk(browser, furnished, width=390)
    page = desk.sign_in()
    page.goto(f"/connect/accounts/{furnished.account}?tab=json")  # type: ignore[attr-defined]
    assert page.locator(".tabs [aria-current]").evaluate(IN_SIGHT)
    page.goto("/issuing/authorization/?status=expired")
    assert page.locator(".tabs [aria-current]").evaluate(IN_SIGHT)
    desk.context.close()


def test_the_legend_of_a_chart_keeps_its_marks_in_forced_colours(browser: Browser, furnished: Stack) -> None:
    desk = Desk(browser, furnished)
    page = desk.sign_in()
    page.emulate_media(forced_colors="active")
    names = ("approved", "declined")
    marks = [page.locator(f".plot-key-{name}").evaluate(MARK) for name in names]
    assert marks == [page.locator(f".plot-{name}").first.evaluate(FILL) for name in names]
    assert len(set(marks)) == 2
    desk.context.close()

"""A new member of staff reads why Issuing is off for four demo accounts, from home, two clicks each."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ON_A_PHONE, Desk

pytestmark = pytest.mark.browser

REASONS = {
    "Blue Heron Landscaping": ("Stripe is reviewing the account", "Wait for Stripe", "Stripe"),
    "Bluestem Grain Exchange": ("paused by the platform", "Staff lift the pause", "Staff"),
    "Verbena Home Care LLC": ("details are past due", "send the onboarding link", "Holder"),
    "Lantern Street Theatre": ("rejected by the platform", "take the rejection back", "Staff"),
}


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), ON_A_PHONE])
def test_four_demo_accounts_say_why_issuing_is_off(desk: Desk, width: int, scheme: str) -> None:
    desk.stack.command("seed_accounts")
    page = desk.sign_in()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for name, (title, following, whose) in REASONS.items():
        page.goto("/")
        if width > 1000:
            page.get_by_role("link", name="Connected accounts").click()
        else:
            page.goto("/accounts/account/")
        page.get_by_role("link", name=name).click()
        panel = page.locator("section", has=page.get_by_role("heading", name=f"Issuing is off: {title}"))
        expect(panel).to_contain_text(following)
        expect(panel.locator(".whose")).to_contain_text(whose)
        expect(panel).to_contain_text("ince ")
        desk.picture(f"issuing-off-{name.split()[0].lower()}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width

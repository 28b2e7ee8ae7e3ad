"""New staff read the record, from home, in at most four clicks: an event and what came of it, a colleague's session."""

from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ON_A_PHONE, Desk
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def issued(stack: Stack) -> tuple[str, str]:
    """An account that issues, and its card."""
    box = cast("SandboxProcess", SimpleNamespace(url=stack.sandbox_url, control=stack.control))
    issuer = Issuer(box)
    card = issuer.card()["id"]
    here = f"Event.objects.filter(object_key='issuing.card:{card}', state='done').exists()"
    wait_until(lambda: stack.ask(here), 60, "the card’s event applied")
    return issuer.account, card


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), ON_A_PHONE])
def test_what_came_of_an_event_and_what_somebody_did(
    browser: Browser, stack: Stack, issued: tuple[str, str], width: int, scheme: str
) -> None:
    account, card = issued
    event = stack.ask(f"Event.objects.filter(object_key='issuing.card:{card}').latest('created').pk")
    desk = Desk(browser, stack, scheme=scheme, width=width)
    page = desk.sign_in()
    page.goto(f"/connect/accounts/{account}/view-as")
    page.get_by_label("In words").fill("A question about one card")
    page.get_by_role("button", name="View as, look only").click()
    page.goto(f"/{account}/issuing/cards/{card}")
    page.get_by_role("button", name="End").click()

    page.goto("/gateway/event/")
    page.get_by_label("Search events").fill(event)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="issuing_card").click()
    expect(page).to_have_title(f"Event {event} · issuing_card.created | Northgate Cards")
    expect(page.get_by_role("status")).to_contain_text("It was applied")
    page.get_by_text("Payload").click()
    expect(page.locator("pre.json")).to_contain_text(card)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    desk.picture(f"event-{width}")

    page.goto("/console/worksession/")
    page.locator("#result_list a").first.click()
    stream = page.locator(".timeline")
    expect(stream).to_contain_text("Opened one of the cards")
    texts = stream.locator("li p:first-child").all_inner_texts()
    assert [texts[0].split()[0], texts[-1]] == ["Began", "Ended, and sealed"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    desk.picture(f"session-{width}")
    page.get_by_role("link", name="Sealed in row").click()
    expect(page.get_by_role("status")).to_contain_text("It is as it was written.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert desk.complaints == []

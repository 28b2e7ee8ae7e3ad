"""A new member of staff on the first day, from home, at most four clicks each: an event, a transaction, a session."""

from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Desk
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.browser
MOST = 4


class Journey:
    """From home: each press is counted, a key that sends what was typed too."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses = page, 0
        page.goto("/")

    def click(self, target: Locator) -> None:
        self.presses += 1
        assert self.presses <= MOST
        target.click()

    def search(self, words: str) -> None:
        box = self.page.get_by_role("searchbox").first
        self.click(box)
        box.fill(words)
        box.press("Enter")
        self.presses += 1


def captured(stack: Stack) -> tuple[str, str]:
    """A transaction, and the event that told of it."""
    issuer = Issuer(cast("SandboxProcess", SimpleNamespace(url=stack.sandbox_url, control=stack.control)), funds=10_000)
    issuer.act("capture", issuer.authorize(issuer.card()["id"], 1234)["id"])
    rows = f"Transaction.objects.filter(account_id={issuer.account!r})"
    transaction = wait_until(lambda: stack.ask(f"{rows}.values_list('pk', flat=True).first()"), 30, "a transaction")
    told = f"Event.objects.filter(object_key='issuing.transaction:{transaction}', state='done').first()"
    return transaction, wait_until(lambda: stack.ask(f"getattr({told}, 'pk', None)"), 30, "its event")


def test_an_event_a_transaction_and_what_a_colleague_did(browser: Browser, stack: Stack) -> None:
    transaction, event = captured(stack)
    sam, otto, vera = (Desk(browser, stack) for _ in range(3))

    found = Journey(sam.sign_in("sam"))
    found.search(event)
    expect(sam.page).to_have_title(f"Event {event} · issuing_transaction.created | Northgate Cards")
    expect(sam.page.get_by_role("status")).to_contain_text("It was applied")

    found = Journey(sam.page)
    found.search(transaction)
    sam.page.get_by_label("In words").fill("What was this purchase?")
    found.click(sam.page.get_by_role("button", name="View as, look only"))
    expect(sam.page.locator("main")).to_contain_text(transaction)
    expect(sam.page.locator("main")).to_contain_text("12.34")
    sam.page.get_by_role("button", name="End").click()

    seen = Journey(otto.sign_in("otto"))
    seen.click(otto.page.get_by_role("link", name="Work sessions"))
    seen.click(otto.page.locator("#result_list tbody a").first)
    expect(otto.page.get_by_role("heading", level=1)).to_contain_text("sam viewed as")
    expect(otto.page.locator("main")).to_contain_text("What was this purchase?")
    stream = otto.page.locator(".timeline")
    expect(stream).to_contain_text("Opened one of the transactions")
    expect(stream.locator("li").last).to_contain_text("Ended, and sealed")

    known = Journey(vera.sign_in("vera"))  # whose role opens no transaction: it is found, and who may is named
    known.search(transaction)
    expect(vera.page.locator("main h2")).to_have_text("Transactions")
    expect(vera.page.locator("main")).to_contain_text("can open what is found here")

    for desk in (sam, otto, vera):
        assert desk.complaints == []
        desk.context.close()

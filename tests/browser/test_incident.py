"""An incident, from home in at most four clicks: all cards of three accounts, and back again. And the brakes."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ON_A_PHONE, Desk
from tests.sandbox.issuer import Issuer
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.browser
WHY = "Card testing is seen at one merchant"
OVER = "It is over, the merchant is closed"


class Clicks:
    """A page that counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.many = page, 0

    def on(self, role: Any, name: str) -> None:
        self.many += 1
        self.page.get_by_role(role, name=name).click()


@pytest.fixture
def fleet(stack: Stack) -> list[str]:
    """Three accounts that issue: a cardholder each with an active card, in the first one of two cards frozen before."""
    box: Any = type("Box", (), {"url": stack.sandbox_url, "control": staticmethod(stack.control)})
    issuers = [Issuer(box, funds=10_000) for _ in range(3)]
    for issuer in issuers:
        issuer.card()
    issuers[0].change_card(issuers[0].card()["id"], status="inactive")
    ids = [issuer.account for issuer in issuers]
    here = f"Card.objects.filter(account__in={ids}).count() == 4"
    wait_until(lambda: stack.ask(here), 60, "the cards of three accounts")
    return ids


def working(stack: Stack, ids: list[str]) -> int:
    """How many of their cards work."""
    holders = "Card.objects.filter(account__in={}, status='active', cardholder__status='active').count()"
    return int(stack.ask(holders.format(ids)))


def settled(stack: Stack) -> bool:
    """Whether no run goes on."""
    return stack.ask("BulkRun.objects.exclude(state='ended').count()") == 0


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), ON_A_PHONE])
def test_all_cards_of_three_accounts_are_frozen_and_unfrozen(
    browser: Browser, stack: Stack, fleet: list[str], width: int, scheme: str
) -> None:
    desk = Desk(browser, stack, scheme=scheme, width=width)
    page = desk.sign_in()
    clicks = Clicks(page)
    if width < 1000:
        page.get_by_label("Menu", exact=True).first.click()
        clicks.many += 1
    clicks.on("link", "Incident")
    page.get_by_label("Accounts, cardholders or cards").fill("\n".join(fleet))
    page.get_by_label("Reason").fill(WHY)
    desk.picture(f"incident-form-{width}")
    clicks.on("button", "Preview: which cards?")
    expect(page.get_by_role("heading", name="3 cards work and are meant")).to_be_visible()
    desk.picture(f"incident-preview-{width}")
    clicks.on("button", "Freeze 3 cards now")
    expect(page.get_by_role("heading", name="Freeze 3 cards")).to_be_visible()
    assert clicks.many <= 4
    wait_until(lambda: settled(stack), 60, "the run's end")
    assert working(stack, fleet) == 0
    page.reload()
    expect(page.get_by_role("heading", name="3 of 3 done")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    desk.picture(f"incident-frozen-{width}")
    page.get_by_label("Reason").fill(OVER)
    page.get_by_role("button", name="Undo this freeze").click()
    wait_until(lambda: settled(stack), 60, "the end of the run that undoes it")
    assert working(stack, fleet) == 3
    page.reload()
    expect(page.get_by_role("heading", name="Undone")).to_be_visible()
    desk.picture(f"incident-undone-{width}")
    assert stack.ask(f"Card.objects.filter(account__in={fleet}, status='inactive').count()") == 1
    desk.context.close()
    assert desk.complaints == []


def test_a_brake_is_said_on_every_page_and_obeyed_by_all(desk: Desk, fleet: list[str]) -> None:
    stack, account = desk.stack, fleet[0]
    page = desk.sign_in()
    page.goto("/brakes/")
    page.get_by_role("link", name="Stop something").click()
    page.get_by_label("One account", exact=True).check()
    page.get_by_label("Which account").fill(account)
    page.get_by_label("Reason").fill(WHY)
    desk.picture("brakes-new")
    page.get_by_role("button", name="Stop it now").click()
    expect(page.get_by_role("region", name="What is stopped")).to_contain_text("are stopped by demo since")
    desk.picture("brakes")
    page.goto(f"/connect/accounts/{account}")
    expect(page.get_by_role("region", name="What is stopped")).to_contain_text(WHY)
    desk.picture("brakes-account")
    page.goto(f"/connect/accounts/{account}/do/accounts.create_account_link")
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    desk.picture("brakes-form")
    status = _refused(stack, account)
    assert "are stopped since" in status
    page.goto("/")
    item = page.get_by_role("row").filter(has_text="are stopped")
    item.get_by_role("link", name="Lift").click()
    page.get_by_label("Reason").fill(OVER)
    desk.picture("brakes-lift")
    page.get_by_role("button", name="Lift it now").click()
    expect(page.get_by_text("Nothing is stopped")).to_be_visible()
    _acted(stack, account)


def _refused(stack: Stack, account: str) -> str:
    """What a command is told."""
    try:
        _acted(stack, account)
    except AssertionError as refused:
        return str(refused)
    return ""


def _acted(stack: Stack, account: str) -> None:
    words = ("--as", "demo", "--reason", "Funding for the week", "--token", uuid.uuid4().hex)
    stack.command("create_topup", account, "--amount", "5", *words)

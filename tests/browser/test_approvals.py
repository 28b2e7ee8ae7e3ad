"""A second pair of eyes: asked for in one browser, decided in another; made void by a change; taken back."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk
from tests.browser.furnished import view_as
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.browser
LIMITS = [{"amount": 20_000, "interval": "monthly"}]


@pytest.fixture(scope="module")
def issuer(stack: Stack) -> Issuer:
    """An account that issues, known to the console."""
    issuer = Issuer(cast("SandboxProcess", SimpleNamespace(url=stack.sandbox_url, control=stack.control)))
    wait_until(lambda: stack.ask(f"Account.objects.filter(pk='{issuer.account}').exists()"), 60, "the account")
    return issuer


@pytest.fixture
def asks(desk: Desk, issuer: Issuer) -> Page:
    """Otto's page, in a work session of the account."""
    page = desk.sign_in("otto")
    view_as(page, issuer.account, work=True)
    return page


@pytest.fixture
def decides(browser: Browser, stack: Stack) -> Iterator[Desk]:
    """Ana's desk."""
    desk = Desk(browser, stack)
    desk.sign_in("ana")
    yield desk
    desk.context.close()


def ask(page: Page, button: str) -> str:
    """Press; the address of what waits."""
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("Nothing has been sent: it waits for a second person.")).to_be_visible()
    expect(page.get_by_text("You asked for it")).to_be_visible()
    return page.url


def top_up(page: Page, issuer: Issuer, amount: str) -> str:
    page.goto(f"/{issuer.account}/do/issuing.create_topup")
    page.get_by_label("Amount").fill(amount)
    return ask(page, "Top up Issuing balance")


def test_a_large_top_up_is_asked_for_and_approved_by_another(
    asks: Page, decides: Desk, issuer: Issuer, stack: Stack
) -> None:
    url = top_up(asks, issuer, "48000")
    topups = f"Topup.objects.filter(account_id='{issuer.account}').count()"
    assert stack.ask(topups) == 0
    page = decides.page
    page.goto("/approvals/")
    page.get_by_role("link").filter(has=page.locator("time")).first.click()
    assert page.url == url
    expect(page.get_by_role("heading", level=1)).to_contain_text("Top up Issuing balance: 48,000.00 USD")
    decides.picture("approval")
    page.get_by_label("Reason").fill("The invoice is in the file")
    page.get_by_role("button", name="Approve").dblclick()  # once all the same
    expect(page.get_by_text("Approved. 48,000.00 USD is on its way from the bank.")).to_be_visible()
    assert stack.ask(topups) == 1
    asks.goto(url)
    expect(asks.get_by_text("ana approved it.")).to_be_visible()


def test_a_change_makes_what_was_asked_for_void(asks: Page, decides: Desk, issuer: Issuer, stack: Stack) -> None:
    card = issuer.card(spending_controls={"spending_limits": LIMITS})["id"]
    wait_until(lambda: stack.ask(f"Card.objects.filter(pk='{card}').exists()"), 60, "the card")
    asks.goto(f"/{issuer.account}/issuing/cards/{card}/do/issuing.update_card")
    asks.get_by_label("Limit 1: amount").fill("30000")
    url = ask(asks, "Change spending controls")
    page = decides.page
    page.goto(url)
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    issuer.change_card(card, spending_controls={"spending_limits": [{"amount": 500, "interval": "monthly"}]})
    read = f"Card.objects.get(pk='{card}').data['spending_controls']['spending_limits'][0]['amount']"
    wait_until(lambda: stack.ask(read) == 500, 60, "the new limit")
    if stack.ask("Approval.objects.latest('asked_at').state") == "waiting":  # unless the sweep was here first
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("Nothing was sent.").first).to_be_visible()
    page.goto(url)
    expect(page.get_by_text("It is void: something had changed before anybody approved it.")).to_be_visible()
    expect(page.get_by_text("was 20000, and is 500 now.")).to_be_visible()
    assert stack.ask(read) == 500
    asks.goto("/")
    expect(asks.get_by_text("Void: Change spending controls")).to_be_visible()
    asks.get_by_role("link", name="Ask again or leave it").first.click()
    asks.get_by_role("button", name="Leave it").click()
    expect(asks.get_by_text("Left as it is.")).to_be_visible()


def test_who_asked_takes_it_back(asks: Page, decides: Desk, issuer: Issuer, stack: Stack) -> None:
    before = stack.ask(f"Topup.objects.filter(account_id='{issuer.account}').count()")
    url = top_up(asks, issuer, "32000")
    decides.page.goto(url)
    asks.get_by_role("button", name="Withdraw").click()
    expect(asks.get_by_text("otto withdrew it. Nothing was sent.")).to_be_visible()
    decides.page.get_by_role("button", name="Approve").click()  # a page left open
    expect(decides.page.get_by_text("It is withdrawn.")).to_be_visible()
    assert stack.ask(f"Topup.objects.filter(account_id='{issuer.account}').count()") == before

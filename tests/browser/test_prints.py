"""Prints name the account, the mode, the moment and the reader; nothing of a page is cut, whatever its theme."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk
from tests.stack import Stack

pytestmark = pytest.mark.browser
PAPER = 703  # A4 within its margins, in CSS pixels
UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
STRETCH = (
    f"Authorization.objects.update(merchant_name='{UNBROKEN}', amount=1234567890)",
    f"Cardholder.objects.update(name='{UNBROKEN}')",
    f"Account.objects.filter(pk='{{account}}').update(name='{UNBROKEN}')",
    f"WorkSession.objects.update(reason='{UNBROKEN}')",
    f"Event.objects.filter(account='{{account}}').update(error='{UNBROKEN}', state='dead')",
)
CUT = """width => {
  const found = [], seen = element => element.checkVisibility({visibilityProperty: true});
  const name = element => `${element.tagName}.${element.className?.baseVal ?? element.className}`;
  for (const element of document.body.querySelectorAll("*")) {
    if (!seen(element) || element.closest("svg, .visually-hidden")) continue;
    const style = getComputedStyle(element), at = element.getBoundingClientRect();
    if (["hidden", "clip", "auto", "scroll"].includes(style.overflowX)) found.push(`clips: ${name(element)}`);
    if (["sticky", "fixed"].includes(style.position)) found.push(`sticks: ${name(element)}`);
    if (element.matches("button, .button, [type=submit], .copy")) found.push(`button: ${name(element)}`);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !seen(parent) || parent.closest("svg, .visually-hidden, option")) continue;
    const range = document.createRange(), cell = parent.closest("td, th, dd, dt, .panel, .printed, .page-name");
    range.selectNodeContents(texts.currentNode);
    const edge = Math.min(width, cell ? cell.getBoundingClientRect().right : width) + 1;
    for (const line of range.getClientRects())
      if (line.right > edge || line.left < -1) found.push(`cut: ${texts.currentNode.data.trim().slice(0, 40)}`);
  }
  return [...new Set(found)];
}"""


@pytest.fixture(scope="module")
def account(furnished: Stack) -> dict[str, Any]:
    """The account that issues, a card of it and an authorization that was declined."""
    own = furnished.account  # type: ignore[attr-defined]
    card = furnished.ask(f"Card.objects.filter(account_id='{own}', status='active').first().pk")
    declined = furnished.ask(f"Authorization.objects.filter(account_id='{own}', approved=False).first().pk")
    return {"id": own, "card": card, "declined": declined}


def visit(page: Page, stack: Stack, account: dict[str, Any]) -> dict[str, str]:
    """View as the account, act once, stretch what pages hold; returns what is printed: address → account named."""
    own = account["id"]
    page.goto(f"/connect/accounts/{own}/view-as")
    page.get_by_label("In words").fill("Printing for the auditor")
    page.get_by_role("button", name="View as, look only").click()
    page.goto(f"/{own}/issuing/cards")
    page.get_by_role("button", name="Switch to work").click()
    page.goto(f"/{own}/issuing/cards/{account['card']}/do/issuing.deactivate_card")
    page.get_by_role("button", name="Deactivate card").click()
    page.wait_for_load_state()
    for each in STRETCH:
        stack.ask(each.format(account=own))
    row = "{0}.objects.latest('{1}').pk"
    event = stack.ask(f"Event.objects.filter(account='{own}').latest('created').pk")
    operation = stack.ask("str(Operation.objects.latest('created_at').pk)")
    audit, session = (stack.ask(row.format(*each)) for each in (("AuditEntry", "pk"), ("WorkSession", "pk")))
    everywhere = "All accounts"
    return {
        f"/connect/accounts/{own}": own,
        f"/connect/accounts/{own}?tab=json": own,
        f"/{own}/issuing/cards/{account['card']}": own,
        f"/{own}/issuing/authorizations/{account['declined']}": own,
        f"/operations/{operation}": own,
        f"/gateway/event/{event}/change/": own,
        f"/console/auditentry/{audit}/change/": own,
        f"/console/worksession/{session}/change/": own,
        "/accounts/account/": everywhere,
        "/issuing/authorization/": everywhere,
        "/issuing/card/": everywhere,
        "/gateway/event/": everywhere,
        "/console/auditentry/": everywhere,
        "/console/worksession/": everywhere,
        "/console/operation/": everywhere,
        "/": everywhere,
    }


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.prove)])
def test_a_print_names_whose_it_is_and_cuts_nothing(
    browser: Browser, furnished: Stack, account: dict[str, Any], scheme: str
) -> None:
    desk = Desk(browser, furnished, scheme=scheme)
    page = desk.sign_in()
    printed = visit(page, furnished, account) if scheme == "light" else _again(page, account)
    page.evaluate("theme => localStorage.setItem('theme', theme)", scheme)
    page.set_viewport_size({"width": PAPER, "height": 1000})
    page.emulate_media(media="print", color_scheme=scheme)
    for path, named in printed.items():
        page.goto(path)
        line = page.locator(".printed")
        expect(line).to_be_visible()
        expect(line).to_contain_text(named)
        for words in ("Local sandbox", "drawn for demo", " UTC", "sandbox clock"):
            expect(line).to_contain_text(words)
        assert page.evaluate(CUT, PAPER) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER, path
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color")
        assert paper == "rgb(255, 255, 255)rgb(0, 0, 0)", path
        desk.picture(f"print-{scheme}-{path.strip('/').replace('/', '-')[:40]}")
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert desk.complaints == []


def _again(page: Page, account: dict[str, Any]) -> dict[str, str]:
    """Fewer pages in the other theme: the rules are the same."""
    return {f"/connect/accounts/{account['id']}": account["id"], "/issuing/authorization/": "All accounts", "/": "All"}

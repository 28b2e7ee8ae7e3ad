"""Every page that links lead to opens, and Chromium's console has nothing to say about any of them."""

import re
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Desk
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import Stack, wait_until

pytestmark = pytest.mark.browser
MOST_PAGES, LEAST_SHAPES, OF_A_SHAPE = 200, 60, 2
OBJECT_ID = re.compile(r"[a-z]+_1[0-9A-Za-z]+|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/|$)")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three processes with the demo accounts and one that issues, so that lists have rows and states have pages."""
    with Stack(tmp_path_factory.mktemp("crawled"), seed=True) as stack:
        box = cast("SandboxProcess", SimpleNamespace(url=stack.sandbox_url, control=stack.control))
        issuer = Issuer(box, funds=100_000)
        card = issuer.card()["id"]
        held = [issuer.authorize(card, amount)["id"] for amount in (1200, 2300, 40_000, 90_000)]
        issuer.act("capture", held[0])
        issuer.act("reverse", held[1])
        issuer.change_card(issuer.card()["id"], status="canceled")
        wait_until(lambda: stack.ask("Event.objects.exclude(state='done').count()") == 0, 60, "events applied")
        stack.issuer = issuer.account  # type: ignore[attr-defined]
        yield stack


def shape(address: str) -> str:
    """What kind of page an address is: ids and the values of parameters left out."""
    parts = urlsplit(address)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    tab = dict(parse_qsl(parts.query)).get("tab", "")
    return f"{OBJECT_ID.sub('*', parts.path)} {names} {tab}"


def links(page: Page, origin: str) -> list[str]:
    """The addresses of our own that the page's links lead to, without fragments."""
    found = page.eval_on_selector_all("a[href]", "all => all.map(link => link.href.split('#')[0])")
    return [address for address in dict.fromkeys(found) if address.startswith(origin + "/")]


def view_as(desk: Desk, account: str) -> None:
    """Open a look session, so that the account's own pages are reached and not only the question before them."""
    page = desk.page
    page.goto(f"/connect/accounts/{account}")
    page.get_by_role("link", name="View as").click()
    page.get_by_label("In words").fill("Looking at every page there is")
    page.get_by_role("button", name="View as, look only").click()
    page.wait_for_load_state()


def crawl(desk: Desk) -> tuple[Counter[str], dict[str, int]]:
    """Follow links breadth first; returns how often each kind of page was opened, and what did not answer 200."""
    seen: Counter[str] = Counter()
    refused: dict[str, int] = {}
    waiting, known = [desk.stack.url + "/", desk.page.url], set()
    while waiting and seen.total() < MOST_PAGES:
        address = waiting.pop(0)
        if address in known or seen[shape(address)] >= OF_A_SHAPE:
            continue
        known.add(address)
        seen[shape(address)] += 1
        answer = desk.page.goto(address)
        if answer is None or answer.status != 200:
            refused[address] = answer.status if answer else 0
        waiting += links(desk.page, desk.stack.url)
    return seen, refused


def test_a_crawl_of_every_page_leaves_the_console_empty(browser: Browser, stack: Stack) -> None:
    desk = Desk(browser, stack)
    desk.sign_in()
    view_as(desk, stack.issuer)  # type: ignore[attr-defined]
    seen, refused = crawl(desk)
    desk.context.close()
    assert refused == {}
    assert desk.complaints == []
    assert len(seen) >= LEAST_SHAPES, seen

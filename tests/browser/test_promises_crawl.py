"""Every page that links lead to opens, and Chromium's console has nothing to say about any of them."""

import re
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Desk
from tests.browser.furnished import view_as
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.prove]
MOST_PAGES, LEAST_SHAPES, OF_A_SHAPE = 200, 60, 2
OBJECT_ID = re.compile(r"[a-z]+_1[0-9A-Za-z]+|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/|$)")


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


def test_a_crawl_of_every_page_leaves_the_console_empty(browser: Browser, furnished: Stack) -> None:
    desk = Desk(browser, furnished)
    view_as(desk.sign_in(), furnished.account)  # type: ignore[attr-defined]
    seen, refused = crawl(desk)
    desk.context.close()
    assert refused == {}
    assert desk.complaints == []
    assert len(seen) >= LEAST_SHAPES, seen

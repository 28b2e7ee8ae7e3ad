"""No link, no button and no word for whom it does not work: each role follows all that its pages show it."""

import re
from collections import Counter
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import resolve

from console.operations import verbs
from console.people import roles
from tests.people import ACCOUNT, PEOPLE, browser, view_as, work
from tests.permissions import ROLES, TABLE
from tests.world import made

pytestmark = [pytest.mark.django_db, pytest.mark.crawl, pytest.mark.prove]
LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"')
FORM = re.compile(r"<form\b([^>]*)>")
OBJECT_ID = re.compile(r"[a-z]+_1[0-9A-Za-z]+|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/|$)")
ADMIN_LIST = re.compile(r"/[a-z]+/[a-z]+/")
OF_A_SHAPE = 2
WALKS = ("vera", "ana", "otto working")
MORE_WALKS = ("sam", "otto", "sam looking", "otto looking")  # the same pages for the most part


def shape(address: str) -> str:
    """What kind of page an address is: ids and values left out, but for tabs; a list's filters are one."""
    parts = urlsplit(address)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    names = bool(asked) if ADMIN_LIST.fullmatch(parts.path) else sorted(asked)
    return f"{OBJECT_ID.sub('*', parts.path)} {names} {asked.get('tab', '')}"


def ways(page: str, address: str) -> tuple[list[str], list[str]]:
    """Our own addresses that links and searches of a page lead to, and those that its forms are sent to."""
    links = [unescape(found) for found in LINK.findall(page)]
    got, posted = [], []
    for form in FORM.findall(page):
        action = re.search(r'action="([^"]*)"', form)
        (posted if 'method="post"' in form else got).append(unescape(action[1]) if action else address)
    own = [urljoin(address, each).partition("#")[0] for each in links + got]
    return [each for each in own if each.startswith("/")], [urljoin(address, each) for each in posted]


def answers(client: Client, address: str) -> tuple[int, str, str]:
    """How an address ends, where, and its page."""
    for _ in range(5):
        answer = client.get(address)
        if answer.status_code not in (301, 302):
            return answer.status_code, address, answer.content.decode()
        address = urljoin(address, answer["Location"])
    return 310, address, ""


def may_send(role: str, address: str) -> bool:
    """Whether the table of permissions lets this role send a form there."""
    match = resolve(urlsplit(address).path)
    if name := match.kwargs.get("verb_name"):
        return not roles.permissions(role).isdisjoint({verbs.get(name).permission, verbs.get(name).lesser})
    lowest = TABLE[match.url_name or ""].lowest
    return lowest == "anyone" or ROLES.index(role) >= ROLES.index(lowest)


def wrong(page: str, role: str) -> list[str]:
    """Words of a page that tell somebody to press what is not there, or lead to what they may not do."""
    below = [] if 'name="decision"' in page else re.findall(r"(?i)decide below", page)
    return below if role == "administrator" else below + re.findall(r">\s*Decide\s*<|to decide\b", page)


def walk(client: Client, role: str, starts: list[str]) -> tuple[Counter[str], dict[str, Any]]:
    """Follow everything breadth first: how often each kind of page was opened, and what was wrong where."""
    seen: Counter[str] = Counter()
    faults: dict[str, Any] = {}
    waiting, known = [("", each) for each in starts], set()
    while waiting:
        came_from, address = waiting.pop(0)
        if address in known or seen[shape(address)] >= OF_A_SHAPE:
            continue
        known.add(address)
        seen[shape(address)] += 1
        status, end, page = answers(client, address)
        if status != 200 or (words := wrong(page, role)):
            faults[f"{came_from} → {address}"] = status if status != 200 else words
        links, forms = ways(page, end)
        waiting += [(address, each) for each in links]
        faults |= {f"{address} → POST {each}": "not for this role" for each in forms if not may_send(role, each)}
    return seen, faults


@pytest.mark.parametrize("who", [*WALKS, *(pytest.param(each, marks=pytest.mark.prove) for each in MORE_WALKS)])
def test_everything_that_is_shown_works_for_who_sees_it(who: str) -> None:
    world = made()
    name, _, mode = who.partition(" ")
    client = browser(name)
    if mode:
        (work if mode == "working" else view_as)(client)
    ids = () if name == "vera" else (world["card"], world["topup"])
    searches = [f"/search?q={each}" for each in ("alder", "aaltonen", "4417", *ids)]
    seen, faults = walk(client, PEOPLE[name], ["/", *searches, f"/operations/{world['operation']}"])
    assert faults == {}
    assert len(seen) >= (30 if name == "vera" else 40), sorted(seen)


def test_the_page_of_an_unknown_address_offers_what_opens() -> None:
    made()
    for name in PEOPLE:
        client = browser(name)
        links, _ = ways(client.get(f"/{ACCOUNT}/nothing").content.decode(), "/")
        assert f"/connect/accounts/{ACCOUNT}" in links
        assert {each: answers(client, each)[0] for each in set(links)} == dict.fromkeys(links, 200), name


def test_a_viewer_is_told_who_may() -> None:
    world, vera = made(), browser("vera")
    for address, words in (
        ("/issuing/card/", "Support, an operator or an administrator can open"),
        ("/search?q=aaltonen", "Support, an operator or an administrator can open"),
        (f"/connect/accounts/{ACCOUNT}", "An operator or an administrator can ask the holder"),
        (f"/operations/{world['operation']}", "decide with an administrator"),
        ("/", "An administrator can send it again, or drop it"),
        ("/me/", "Support, an operator or an administrator may"),
    ):
        assert words in vera.get(address).content.decode(), address
    refused = vera.get(browser("sam").get("/search", {"q": world["card"]}).headers["Location"])
    assert refused.status_code == 403
    page = refused.content.decode()
    assert "Support, an operator or an administrator has it" in page
    assert f'href="/connect/accounts/{ACCOUNT}">Kestrel Freight' in page

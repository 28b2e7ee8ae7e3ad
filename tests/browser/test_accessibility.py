"""Every kind of page in both colour schemes under axe-core, from the wheel that carries it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Desk
from tests.browser.furnished import addresses, view_as
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.prove]
MORE = ":is(tbody > tr, .timeline > li):nth-child(n + 5)"  # rows that say nothing new, and cost the most
FRAME = ["#header", "#nav-sidebar", ".banner", ".band"]  # round every page: looked at on two of them
WHOLE = ("index", "issuing_overview")
RUN = """async ([more, frame, only]) => {
  for (const row of document.querySelectorAll(more)) row.remove();
  const rules = {"target-size": {enabled: true}}; // of WCAG 2.2, which axe leaves off
  const found = await axe.run({exclude: frame}, {resultTypes: ["violations"], ...(only ? {runOnly: only} : {rules})});
  return found.violations.map(({id, impact, nodes}) => `${id} (${impact}) ${nodes.map((node) => node.target)}`);
}"""
BY_COLOUR = ["color-contrast", "link-in-text-block"]  # all that another scheme can change
ALONE = ("400", "413", "415", "500", "503", "csrf")  # pages that stand without frame, user and database
DRAWN = "__import__('django.template.loader', fromlist=['x']).render_to_string('errors/{}.html')"


class Walk:
    """One page of one browser, and what axe said of everything that was shown in it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.page, self.wrong = desk, desk.page, dict[str, list[str]]()
        desk.context.add_init_script(script=AXE_SCRIPT)

    def look(self, name: str) -> None:
        """What stands here, in the light whole, in the dark by its colours."""
        page = self.page
        frame = [] if name in WHOLE else FRAME
        light = page.evaluate(RUN, [MORE, frame, None])
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate(RUN, [MORE, frame, BY_COLOUR])
        page.emulate_media(color_scheme="light")
        if light or dark:
            self.wrong[name] = [*light, *(f"dark: {each}" for each in dark)]

    def open(self, name: str, path: str, status: int = 200) -> None:
        """Go there, and look."""
        answer = self.page.goto(path)
        assert answer
        assert answer.status == status, (name, answer.status)
        self.look(name)


@pytest.fixture
def walk(browser: Browser, furnished: Stack) -> Iterator[Walk]:
    """A walk that must have found nothing. Its context lets axe in where the policy lets nothing in."""
    desk = Desk(browser, furnished, bypass_csp=True)
    walk = Walk(desk)
    yield walk
    desk.context.close()
    assert walk.wrong == {}


def links(page: Page, selector: str) -> list[str]:
    """The paths that these links lead to."""
    found = page.eval_on_selector_all(selector, "all => all.map((link) => link.getAttribute('href'))")
    return list(dict.fromkeys(found))


def test_every_page_is_accessible_in_the_light_and_in_the_dark(walk: Walk, furnished: Stack) -> None:
    account = furnished.account  # type: ignore[attr-defined]
    page = walk.desk.sign_in()
    view_as(page, account, work=True)
    acts: dict[str, str] = {}
    for name, path in addresses(furnished, account).items():
        walk.open(name, path)
        acts |= {link.partition("/do/")[2].partition("?")[0]: link for link in links(page, 'main a[href*="/do/"]')}
    page.goto(f"/connect/accounts/{account}")
    for tab in links(page, ".tabs a[href]"):
        walk.open(f"tab {tab}", tab)
    for name, path in acts.items():
        walk.open(f"form {name}", path)
    page.get_by_role("button").last.click()
    walk.look("a refused form")


def test_what_is_refused_empty_or_broken_is_accessible_too(walk: Walk, furnished: Stack) -> None:
    account, page = furnished.account, walk.page  # type: ignore[attr-defined]
    walk.open("sign-in", "/login/")
    walk.open("the holder is back", f"/connect/accounts/{account}/return")
    walk.open("the holder's link was used", f"/connect/accounts/{account}/link-used")
    walk.desk.sign_in("sam")
    walk.open("no such page", "/no/such/page/", 404)
    walk.open("no such page of an account", f"/{account}/no/such", 404)
    walk.open("not for this role", "/staff/", 403)
    walk.open("the address of an act", "/me/tokens", 405)
    walk.open("a refusal in words", "/console/operation/?user__id__exact=%C2%B2&e=1", 400)
    walk.open("the question before viewing", f"/{account}/issuing/cards")
    walk.open("nothing found", "/search?q=nobody")
    walk.open("no row matches", "/issuing/card/?q=nobody")
    drawn = {name: furnished.ask(DRAWN.format(name)) for name in ALONE}
    answers = {name: {"body": body, "content_type": "text/html"} for name, body in drawn.items()}
    page.route("**/broken/*", lambda route: route.fulfill(**answers[Path(route.request.url).name]))
    for name in ALONE:
        walk.open(name, f"/broken/{name}")
    page.emulate_media(media="print")
    walk.open("printed", f"/connect/accounts/{account}")

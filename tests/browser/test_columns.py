"""Nothing is out of sight: no cell beyond what its table scrolls in, no page wider than the window."""

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Browser

from tests.browser.conftest import Desk
from tests.browser.furnished import addresses, view_as
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.prove]
WIDTHS = (1440, 1280, 1271, 390, 320)  # 1271: the narrowest at which rows are rows
TOO_FAR = """() => {
  const wrong = [], root = document.documentElement, edge = root.clientWidth + 0.5;
  const shown = (element) => element.getClientRects().length > 0;
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide`);
  for (const cell of [...document.querySelectorAll("table :is(td, th)")].filter(shown)) {
    const scrolls = cell.closest(".results, .plot-table, .panel-body") ?? root, box = cell.getBoundingClientRect();
    const right = Math.min(scrolls.getBoundingClientRect().right + 0.5, edge);
    const parts = [cell, ...cell.querySelectorAll(".money, time, .badge, .id, a")].filter(shown);
    const last = Math.max(...parts.map((part) => part.getBoundingClientRect().right));
    if (box.right > right || last > right) wrong.push(`“${cell.innerText.slice(0, 40)}” ends at ${Math.round(last)}`);
  }
  return wrong;
}"""
OF_AN_ACCOUNT = {"cardholders", "cards", "authorizations", "transactions", "topups", "balances", "issuing_overview"}


def lists() -> set[str]:
    """The names of the lists over all accounts, and of the console's own."""
    models = [model._meta for model in admin.site._registry]
    return {f"{meta.app_label}_{meta.model_name}_changelist" for meta in models}


def test_the_last_column_is_seen_at_every_width(browser: Browser, furnished: Stack) -> None:
    desk = Desk(browser, furnished)
    page = desk.sign_in()
    view_as(page, furnished.account)  # type: ignore[attr-defined]
    found = addresses(furnished, furnished.account)  # type: ignore[attr-defined]
    assert lists() | OF_AN_ACCOUNT <= set(found)
    wrong = {}
    other = furnished.ask(f"Account.objects.exclude(pk={furnished.account!r}).latest('created').pk")  # type: ignore[attr-defined]
    more = {
        "search of nothing": f"{reverse('search')}?q=nobody",
        "no page of the account": f"/{furnished.account}/nothing",  # type: ignore[attr-defined]
        "an act that the session holds": f"/connect/accounts/{other}/do/accounts.create_account_link",
    }
    for name, path in {**found, **more}.items():
        page.goto(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if too_far := page.evaluate(TOO_FAR):
                wrong[name, width] = too_far
    desk.context.close()
    wrong |= seen_by_a_viewer(browser, furnished, {name: found[name] for name in lists()})
    assert wrong == {}


def seen_by_a_viewer(browser: Browser, furnished: Stack, found: dict[str, str]) -> dict[tuple[str, int], list[str]]:
    """What is too far in the lists of somebody who may open nothing of them: names lead nowhere, no row is ticked."""
    desk = Desk(browser, furnished)
    page = desk.sign_in("vera")
    wrong = {}
    for name, path in found.items():
        page.goto(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if too_far := page.evaluate(TOO_FAR):
                wrong[f"{name} of a viewer", width] = too_far
    desk.context.close()
    return wrong

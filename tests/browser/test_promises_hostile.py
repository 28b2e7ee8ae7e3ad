"""Twenty-five hostile texts wherever staff see what somebody else wrote: Chromium runs none of them."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Desk
from tests.sandbox.issuer import Issuer
from tests.sandbox_process import SandboxProcess
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.prove]
RUN = "window.hit=1;alert(1)"
PAYLOADS = (
    f"<script>{RUN}</script>",
    f'"><script>{RUN}</script>',
    f"'><script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror={RUN}>',
    f'" onmouseover="{RUN}" autofocus onfocus="{RUN}" x="',
    f"' autofocus onfocus='{RUN}' x='",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<a href='javascript:{RUN}'>x</a>",
    f"javascript:{RUN}",
    f"<math><mtext></mtext><script>{RUN}</script></math>",
    f"{{% load static %}}{{{{ 7|add:'1' }}}}<script>{RUN}</script>",
    f"<!--><script>{RUN}</script-->",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"<style>@import 'javascript:{RUN}';*{{background:red!important}}</style>",
    f"<base href='https://evil.example/'><form action='https://evil.example/'><button autofocus>{RUN}",
    f"\u202e<script>{RUN}</script>\u2066",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, str]]:
    """The three processes; an account, a cardholder's file of metadata and merchants with every hostile text."""
    with Stack(tmp_path_factory.mktemp("hostile")) as stack:
        box = SimpleNamespace(url=stack.sandbox_url, control=stack.control)
        issuer = Issuer(cast("SandboxProcess", box), funds=500_000)
        for number, text in enumerate(PAYLOADS):
            issuer.stock.account(business_profile={"name": text}, metadata={f"key{number}": text})
        metadata = {f"key{number}": text for number, text in enumerate(PAYLOADS)}
        issuer.stock.update(issuer.account, metadata=metadata, business_profile={"name": PAYLOADS[1]})
        card = issuer.card(metadata=metadata)["id"]
        for text in PAYLOADS:
            issuer.authorize(card, merchant_data={"name": text, "city": text})
        wait_until(lambda: stack.ask("Event.objects.exclude(state='done').count()") == 0, 60, "events applied")
        yield stack, issuer.account


def pages(account: str) -> list[str]:
    """Every kind of page that shows one of the texts."""
    searches = [f"/search?q={quote(text)}" for text in PAYLOADS]
    lists = [f"/accounts/account/?q={quote(text)}" for text in PAYLOADS[:5]]
    tabs = ("", "?tab=persons", "?tab=capabilities", "?tab=timeline", "?tab=json", "?tab=terms")
    own = ("activity", "issuing/overview", "issuing/cards", "issuing/authorizations", "balance/overview")
    return [
        "/",
        "/accounts/account/",
        "/issuing/authorization/",
        "/issuing/card/",
        "/console/operation/",
        "/gateway/event/",
        *(f"/connect/accounts/{account}{tab}" for tab in tabs),
        *(f"/{account}/{path}" for path in own),
        *lists,
        *searches,
    ]


def test_hostile_texts_run_nowhere_in_chromium(browser: Browser, world: tuple[Stack, str]) -> None:
    stack, account = world
    desk = Desk(browser, stack)
    dialogs: list[Any] = []
    desk.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    desk.sign_in()
    desk.page.goto(f"/{account}/issuing/overview")
    desk.page.get_by_label("In words").fill(PAYLOADS[0])
    desk.page.get_by_role("button", name="View as, look only").click()
    desk.page.wait_for_load_state()
    seen = 0
    for path in pages(account):
        answer = desk.page.goto(path)
        assert answer is not None, path
        assert answer.status == 200, path
        assert desk.page.evaluate("window.hit === undefined"), path
        assert desk.page.evaluate("document.querySelectorAll('base, iframe').length") == 0, path
        assert desk.page.url.startswith(stack.url), path
        seen += "hit=1" in (desk.page.text_content("body") or "")
    desk.page.goto(f"/{account}/issuing/authorizations")
    desk.page.locator("main a[href*='/iauth_']").first.click()
    assert "hit=1" in (desk.page.text_content("main") or "")
    desk.context.close()
    assert dialogs == []
    assert desk.complaints == []
    assert seen >= len(PAYLOADS)  # the texts were there to be seen, as text


def test_there_are_twenty_five_of_them() -> None:
    assert len(set(PAYLOADS)) == 25

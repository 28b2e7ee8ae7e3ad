"""Chromium on the three real processes."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser.furnished import furnish
from tests.stack import PASSWORD, Stack

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ON_A_PHONE = pytest.param(390, "dark", marks=pytest.mark.prove)  # a journey once more
PICTURES = Path(os.environ.get("PICTURES", "")) if os.environ.get("PICTURES") else None


def chromium() -> str:
    """The browser's path, or "" where there is none."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), "")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the run."""
    path = chromium()
    if not path:
        pytest.skip("no Chromium found; install one or set CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three processes, begun with an empty sandbox, for all journeys that make what they need."""
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three processes with something on every page (tests.browser.furnished); `furnished.account` issues."""
    with Stack(tmp_path_factory.mktemp("furnished"), seed=True) as stack:
        stack.account = furnish(stack)  # type: ignore[attr-defined]
        yield stack


class Desk:
    """A member of staff at their browser: pages, and whatever the browser's console complained of."""

    def __init__(
        self, browser: Browser, stack: Stack, *, scheme: str = "light", width: int = 1440, bypass_csp: bool = False
    ) -> None:
        self.stack = stack
        self.context = browser.new_context(
            base_url=stack.url,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            bypass_csp=bypass_csp,
            reduced_motion="reduce",
        )
        self.complaints: list[str] = []
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def sign_in(self, user: str = "demo", password: str = PASSWORD) -> Page:
        """Through the form."""
        self.page.goto("/")
        self.page.get_by_label("User name").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/")
        return self.page

    def picture(self, name: str, page: Page | None = None) -> None:
        """Keep a screenshot where PICTURES names a folder."""
        if PICTURES:
            PICTURES.mkdir(parents=True, exist_ok=True)
            (page or self.page).screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.fixture
def desk(browser: Browser, stack: Stack) -> Iterator[Desk]:
    """A desk whose browser must have had nothing to complain of."""
    desk = Desk(browser, stack)
    yield desk
    desk.context.close()
    assert desk.complaints == []

"""A noun's own mistake is Stripe's 500: in the envelope, undone, kept under its key, and told in the log only."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.wire.api import Answer, Request
from sandbox.wire.server import Sandbox
from sandbox.world.noun import PAGES, ROUTES, Call, Page, route, route_page
from sandbox.world.store import Data

PATH = "/v1/account_notices"


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox in this process, one of whose nouns and one of whose pages fail half way."""
    kept = ROUTES.get(("GET", PATH))
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3", "127.0.0.1", 0)

    @route("GET", PATH)
    def fail(call: Call) -> Data:
        call.store.put("thing", {"id": "half"})
        call.world.emit("account.updated", {"id": "acct_1", "object": "account"}, account=None)
        raise ZeroDivisionError("secret of the house")

    @route_page("GET", "/broken/")
    def draw(page: Page) -> tuple[int, dict[str, str], str]:
        raise ZeroDivisionError("secret of the house")

    sandbox.start()
    yield sandbox
    sandbox.stop()
    PAGES.pop()
    del ROUTES["GET", PATH]
    if kept:
        ROUTES["GET", PATH] = kept


def ask(sandbox: Sandbox, path: str, **headers: str) -> tuple[int, Any, Answer]:
    request = Request("GET", path, "", {"authorization": "Bearer sk_test_x", **headers}, b"")
    answer = sandbox.answer(request)
    return answer.status, answer.body, answer


def test_a_mistake_is_answered_in_the_envelope_and_undone(broken: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    status, body, _ = ask(broken, PATH)
    assert (status, json.loads(body)["error"]["type"]) == (500, "api_error")
    assert b"secret of the house" not in body
    assert "secret of the house" in caplog.text
    assert broken.world.made == []
    with broken.world.store.transaction():
        assert broken.world.store.get("thing", "half") is None
        assert broken.world.store.count("event") == 0


def test_a_page_that_fails_says_so_plainly(broken: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    status, body, answer = ask(broken, "/broken/page")
    assert (status, answer.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert b"Something went wrong here." in body
    assert "secret of the house" in caplog.text
    assert b"secret" not in body


def test_a_page_refuses_a_form_that_is_none(broken: Sandbox) -> None:
    request = Request("GET", "/broken/page", "", {"content-type": "application/json"}, b"{}")
    assert broken.answer(request).status == 400

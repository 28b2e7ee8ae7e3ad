"""A database that is gone without a word, or locked: nothing hangs, nothing is lost, nobody restarts anything."""

import os
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.signed_delivery import SECRET, deliver
from tests.silent_proxy import SilentProxy
from tests.stack import Stack, wait_until
from tests.staff_browser import StaffBrowser

pytestmark = [pytest.mark.chaos, pytest.mark.prove, pytest.mark.quiet]
needs_postgres = pytest.mark.skipif(not os.environ.get("TEST_DATABASE_URL"), reason="PostgreSQL only")
QUICKLY = 2.5  # seconds, on a machine that has other things to do


@pytest.fixture
def proxied(postgres_database: str, tmp_path: Path) -> Iterator[tuple[Stack, SilentProxy]]:
    """A stack that reaches its PostgreSQL through a proxy."""
    parts = urlsplit(postgres_database)
    with SilentProxy((parts.hostname or "127.0.0.1", parts.port or 5432)) as proxy:
        user = f"{parts.username}:{parts.password}" if parts.password else str(parts.username)
        url = f"postgres://{user}@127.0.0.1:{proxy.port}{parts.path}"
        with Stack(tmp_path, database_url=url, STRIPE_WEBHOOK_SECRETS=SECRET) as stack:
            yield stack, proxy


def get(stack: Stack, path: str, cookie: str = "") -> tuple[int, float, str]:
    """Status, seconds and body of a GET."""
    began = time.monotonic()
    request = urllib.request.Request(stack.url + path, headers={"Cookie": cookie} if cookie else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, time.monotonic() - began, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, time.monotonic() - began, error.read().decode()


def account(stack: Stack) -> str:
    """One account made straight at the sandbox, which delivers its events."""
    body = (
        "country=US&business_type=company&controller[stripe_dashboard][type]=none&controller[fees][payer]=application"
        "&controller[losses][payments]=application&controller[requirement_collection]=application"
        "&capabilities[transfers][requested]=true&capabilities[card_issuing][requested]=true"
    )
    return stack.stripe("POST", "/v1/accounts", body)["id"]


def turn(stack: Stack, account_id: str, number: int) -> None:
    """A change that makes one event."""
    stack.stripe("POST", f"/v1/accounts/{account_id}", f"metadata[turn]={number}")


def all_applied(stack: Stack, account_id: str, number: int) -> bool:
    """Whether the last change has arrived and no event waits."""
    row = f"Account.every.get(id='{account_id}').data['metadata'].get('turn')"
    return stack.ask(f"[{row}, Event.objects.filter(state='waiting').count()]") == [str(number), 0]


def answers(stack: Stack, cookie: str) -> None:
    """While the database says nothing: a page, twice, and what machines ask, each with a session and without."""
    for sent in ("", cookie):
        status, took, body = get(stack, "/operations/", cookie)
        assert (status, "The database does not answer" in body) == (503, True), body[:500]
        assert took < QUICKLY
        status, took, _ = get(stack, "/healthz", sent)
        assert (status, took < 1) == (200, True)
        status, took, _ = get(stack, "/readyz", sent)
        assert (status, took < QUICKLY) == (503, True)
        status, took = deliver(stack)
        assert (status, took < QUICKLY) == (503, True)


def silence(stack: Stack, proxy: SilentProxy, seconds: float) -> None:
    """Events are delivered before, while and after the database says nothing; in the end all are applied."""
    browser = StaffBrowser(stack)
    account_id = account(stack)
    pids = [stack.part("web"), stack.part("worker")]
    wait_until(lambda: all_applied_at_first(stack, account_id), 20, "the account" + stack.logs())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: turn(stack, account_id, number), range(40)))
    proxy.silent = True
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        pool.map(lambda number: turn(stack, account_id, number), range(40, 80))
        while time.monotonic() - began < seconds:
            answers(stack, browser.cookie)
    proxy.silent = False
    turn(stack, account_id, 99)
    wait_until(lambda: all_applied(stack, account_id, 99), 45, "everything applied" + stack.logs())
    assert [stack.part("web"), stack.part("worker")] == pids
    # A web process that has just waited in vain asks again within seconds, by itself.
    wait_until(lambda: get(stack, "/operations/", browser.cookie)[0] == 200, 10, "pages again" + stack.logs())


def all_applied_at_first(stack: Stack, account_id: str) -> bool:
    """Whether the account has arrived."""
    return bool(stack.ask(f"Account.every.filter(id='{account_id}').count()"))


@needs_postgres
def test_a_database_that_swallows_everything_for_ten_seconds_costs_no_event(
    proxied: tuple[Stack, SilentProxy],
) -> None:
    silence(*proxied, seconds=8)


@needs_postgres
def test_a_database_that_swallows_everything_for_a_minute_costs_no_event(proxied: tuple[Stack, SilentProxy]) -> None:
    silence(*proxied, seconds=60)


@needs_postgres
def test_term_ends_everything_while_the_database_is_silent(proxied: tuple[Stack, SilentProxy]) -> None:
    stack, proxy = proxied
    proxy.silent = True
    get(stack, "/readyz")
    began = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - began < 10.5


def test_a_locked_sqlite_is_told_shortly_and_keeps_what_was_typed(tmp_path: Path) -> None:
    with Stack(tmp_path, STRIPE_WEBHOOK_SECRETS=SECRET) as stack:
        browser = StaffBrowser(stack)
        lock = sqlite3.connect(tmp_path / "console.sqlite3", isolation_level=None, timeout=10)
        lock.execute("BEGIN EXCLUSIVE")
        for cookie in ("", browser.cookie):
            assert told_quickly(stack, "/readyz", cookie) == 503
            assert told_quickly(stack, "/healthz", cookie) == 200
            assert told_quickly(stack, "/operations/", cookie) in (200, 503)
        status, took = deliver(stack)
        assert (status, took < 6.5) == (503, True)
        began = time.monotonic()
        entries = {"business_name": "Alder <b>Freight", "reason": "A new customer", "form_token": "a" * 32}
        status, body = browser.post(
            "/do/accounts.create_account/", entries | {"country": "GB", "business_type": "company"}
        )
        assert (status, time.monotonic() - began < QUICKLY) == (503, True)
        assert "Alder &lt;b&gt;Freight" in body
        lock.execute("ROLLBACK")
        lock.close()
        wait_until(lambda: get(stack, "/readyz")[0] == 200, 20, "ready again")


def told_quickly(stack: Stack, path: str, cookie: str) -> int:
    """The status, which came in time."""
    status, took, _ = get(stack, path, cookie)
    assert took < QUICKLY
    return status

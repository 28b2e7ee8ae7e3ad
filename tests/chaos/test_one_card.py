"""kill -9 of the web server between an intent and its call, and in the middle of the call: one card."""

import contextlib
import os
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests

from tests.stack import PASSWORD, Stack, wait_until

pytestmark = pytest.mark.chaos
REASON = "First card for a new customer"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="module")
def account(stack: Stack) -> str:
    """An account that can issue, with one cardholder, in the mirror."""
    name = ["--country", "US", "--business-type", "individual", "--first-name", "Jonas", "--last-name", "Aaltonen"]
    line = stack.manage("create_account", "--as", "demo", "--reason", REASON, "--email", "j@example.com", *name)
    account = line.split()[0]
    stack.manage("fill_test_values", account, "--as", "demo", "--reason", REASON)
    holder = {
        "name": "Jonas Aaltonen",
        "billing[address][line1]": "500 Congress Avenue",
        "billing[address][city]": "Austin",
        "billing[address][state]": "TX",
        "billing[address][postal_code]": "78701",
        "billing[address][country]": "US",
    }
    made = stack.stripe("POST", "/v1/issuing/cardholders", urlencode(holder), account)
    wait_until(lambda: rows(stack, "issuing_cardholder", made["id"]), 30, "the cardholder in the mirror")
    return account


def rows(stack: Stack, table: str, row_id: str) -> int:
    """Rows with this id, read beside the running processes."""
    with contextlib.closing(sqlite3.connect(stack.var_dir / "console.sqlite3", timeout=20)) as database:
        return database.execute(f"SELECT count(*) FROM {table} WHERE id = ? AND data IS NOT NULL", [row_id]).fetchone()[
            0
        ]


def operations(stack: Stack) -> list[tuple[str, str]]:
    """(state, settled_by) of every operation that makes a card."""
    with contextlib.closing(sqlite3.connect(stack.var_dir / "console.sqlite3", timeout=20)) as database:
        found = "SELECT state, settled_by FROM console_operation WHERE verb = 'issuing.create_card' ORDER BY created_at"
        return database.execute(found).fetchall()


def browser(stack: Stack) -> requests.Session:
    """A signed-in session without a browser."""
    session = requests.Session()
    page = session.get(f"{stack.url}/login/", timeout=20)
    form = {"username": "demo", "password": PASSWORD, "csrfmiddlewaretoken": hidden(page.text, "csrfmiddlewaretoken")}
    assert session.post(page.url, form, timeout=20).status_code == 200
    return session


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    tag = next(tag for tag in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in tag)
    match = re.search(r'value="([^"]*)"', tag)
    assert match
    return match[1]


def post_card(stack: Stack, account: str) -> threading.Thread:
    """Send the form of a new card from a thread of its own; the answer may never come."""
    session, address = browser(stack), f"{stack.url}/connect/accounts/{account}/do/issuing.create_card"
    page = session.get(address, timeout=20).text
    option = re.findall(r'<option value="(ich_[^"]+)"', page)[0]
    names = ("csrfmiddlewaretoken", "form_token", "for_account")
    form = {"cardholder": option, "reason": REASON, **{name: hidden(page, name) for name in names}}

    def send() -> None:
        with contextlib.suppress(requests.ConnectionError):
            session.post(address, form, timeout=30)

    return threading.Thread(target=send)


def cards(stack: Stack, account: str) -> int:
    """How many cards Stripe has."""
    return len(stack.stripe("GET", "/v1/issuing/cards?limit=100", account=account)["data"])


def hold_budget(stack: Stack, seconds: float) -> None:
    """Make the next call wait for its slot, between the stored intent and the network."""
    with contextlib.closing(sqlite3.connect(stack.var_dir / "console.sqlite3", timeout=20)) as database:
        database.execute("UPDATE gateway_ratebucket SET free_at = ?", [time.time() + seconds])
        database.commit()


@pytest.mark.parametrize("moment", ["between the intent and the call", "in the middle of the call"])
def test_a_killed_web_server_makes_one_card(stack: Stack, account: str, moment: str) -> None:
    before, known = cards(stack, account), len(operations(stack))
    thread = post_card(stack, account)
    sandbox, web = stack.part("sandbox"), stack.part("web")
    if moment.startswith("between"):
        hold_budget(stack, 4)
    else:
        os.kill(sandbox, signal.SIGSTOP)
    thread.start()
    wait_until(lambda: len(operations(stack)) > known, 10, "the intent stored")
    time.sleep(0 if moment.startswith("between") else 1)  # for the request to leave
    os.killpg(web, signal.SIGKILL)
    os.kill(sandbox, signal.SIGCONT)
    thread.join(30)
    wait_until(lambda: operations(stack)[-1][0] == "succeeded", 60, f"settled: {operations(stack)}" + stack.logs())
    assert cards(stack, account) == before + 1
    assert len(operations(stack)) == known + 1

"""A backup made under load, restored on an empty machine: one moment, an intact chain, a console that goes on."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.chaos.test_kills import create_accounts, update
from tests.stack import Stack, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.prove]
STATE = """{
    "counts": {m._meta.label_lower: m._base_manager.count() for m in __import__("django").apps.apps.get_models()
               if m._meta.app_label != "django_q"},
    "operations": sorted(str(o.pk) for o in Operation.objects.all()),
    "told": sorted({str(e.operation_id) for e in AuditEntry.objects.exclude(operation=None)}),
    "done": list(Event.objects.filter(state="done").values_list("pk", flat=True)),
    "witnessed": list(StateChange.objects.filter(source="event").values_list("source_id", flat=True)),
    "turns": {a.pk: a.data["metadata"].get("turn") for a in Account.objects.all()},
}"""


@contextmanager
def load(stack: Stack, accounts: list[str]) -> Iterator[list[int]]:
    """Webhooks and operations come in, from threads of their own, until the block has ended; how many of each."""
    ended, done = threading.Event(), [0, 0]

    def webhooks() -> None:
        while not ended.wait(0.02):
            update(stack, accounts[done[0] % len(accounts)], done[0])
            done[0] += 1

    def operations() -> None:
        words = ("--as", "otto", "--reason", "Made while the backup runs", "--country", "US")
        while not ended.is_set():
            stack.manage("create_account", *words, "--business-type", "company", "--business-name", f"Alder {done[1]}")
            done[1] += 1

    threads = [threading.Thread(target=work) for work in (webhooks, operations)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def modes(folder: Path) -> set[str]:
    """The modes of everything in a folder, as `d700` and `-600`."""
    return {f"{'d' if path.is_dir() else '-'}{path.stat().st_mode & 0o777:o}" for path in [folder, *folder.rglob("*")]}


def secrets(var_dir: Path) -> dict[str, str]:
    """The secrets of an installation."""
    names = ("secret_key", "demo_password", "webhook_secret_platform", "webhook_secret_connect")
    return {path.name: path.read_text() for path in var_dir.iterdir() if path.name in names}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def urls(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The addresses of two databases: of the console, and of the empty machine."""
    if request.param == "sqlite":
        yield ["", ""]
        return
    if "TEST_DATABASE_URL" not in os.environ:
        pytest.skip("TEST_DATABASE_URL is not set")
    first = request.getfixturevalue("postgres_database")
    second = f"{first}_again"
    name = second.rpartition("/")[2]
    with psycopg.connect(first.replace("postgres://", "postgresql://"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield [first, second]
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_backup_under_load_is_one_moment_and_starts_elsewhere(urls: list[str], tmp_path: Path) -> None:
    first, folder = Stack(tmp_path / "first", database_url=urls[0]), tmp_path / "backup"
    (tmp_path / "first").mkdir()
    with first:
        accounts = create_accounts(first, 4)
        with load(first, accounts) as done:
            wait_until(lambda: done[1], 30, "an operation")
            first.manage("backup", str(folder))
        assert modes(folder) == {"d700", "-600"}
        kept = secrets(first.var_dir)
    second = Stack(tmp_path / "second", database_url=urls[1], CATCH_UP_INTERVAL="1")
    second.environment |= {"PORT": str(first.port), "SANDBOX_PORT": str(first.sandbox_port)}
    second.port, second.sandbox_port = first.port, first.sandbox_port
    second.manage("restore", str(folder))
    assert secrets(second.var_dir) == kept
    assert "whole" in second.manage("verify_audit")
    restored = second.ask(STATE)
    assert_one_moment(restored)
    with second:
        assert secrets(second.var_dir) == kept
        update(second, accounts[0], 999_999)
        wait_until(lambda: as_at_stripe(second, accounts), 60, "all that the sandbox did" + second.logs())
        after = second.ask(STATE)
    assert after["turns"][accounts[0]] == "999999"
    assert set(restored["operations"]) <= set(after["operations"])
    fewer = [name for name, count in restored["counts"].items() if after["counts"][name] < count]
    # Of processes and people that are gone; and what was to be read when the backup was made, and is read since.
    assert set(fewer) <= {"gateway.heartbeat", "sessions.session", "issuing.fundsdue"}


def assert_one_moment(state: dict[str, Any]) -> None:
    """What is written in one transaction is there together, or not at all."""
    assert state["operations"]
    assert state["operations"] == state["told"]
    assert set(state["witnessed"]) <= set(state["done"])


def as_at_stripe(stack: Stack, accounts: list[str]) -> bool:
    """Whether the console has of each account what the sandbox has."""
    mirror = stack.ask(STATE)["turns"]
    there = {account: stack.stripe("GET", f"/v1/accounts/{account}")["metadata"].get("turn") for account in accounts}
    return all(mirror.get(account) == turn for account, turn in there.items())

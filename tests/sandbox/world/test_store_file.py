"""The store's file: closed to others, and one line where it is no store."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.rules.decision import Spend
from sandbox.world import spending
from sandbox.world.store import Store
from tests.stack import ROOT


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


RUBBISH = b"This is no store. " * 500


def rubbish(path: Path) -> None:
    path.write_bytes(RUBBISH)


def filled(path: Path) -> None:
    store = Store(path)
    with store.transaction():
        for number in range(300):
            store.put("account", {"id": f"acct_{number}", "text": "x" * 300})
    store.close()


def truncated(path: Path) -> None:
    filled(path)
    os.truncate(path, 9000)


def damaged(path: Path) -> None:
    """A page in the middle, which nothing reads at a start."""
    filled(path)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 2 * 4096)
        file.write(b"\xff" * 4096)


def of_something_else(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE object (id)")


@pytest.mark.parametrize("make", [rubbish, truncated, damaged, of_something_else, Path.mkdir])
def test_a_store_that_is_none_is_one_line(make: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    make(path)
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--store", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"Cannot use {path} as the store: ")
    assert "Move it away to begin with an empty world, or restore it from a backup." in done.stderr
    if make is rubbish:
        assert path.read_bytes() == RUBBISH, "what is another program's stays as it is"


def test_a_store_in_use_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    store = Store(path)
    with store.transaction():
        store.set_meta("x", 1)
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--store", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    store.close()
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Does another sandbox have it open?" in done.stderr


def test_a_store_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    filled(path)
    path.chmod(0o644)
    store = Store(path)
    with store.transaction():
        store.set_meta("x", 1)
    assert {each.stat().st_mode & 0o777 for each in tmp_path.glob("sandbox.sqlite3*")} == {0o600}
    store.close()


def test_the_program_closes_what_it_makes(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sandbox.sqlite3"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--store", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("Sandbox ready")
        modes = {each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
        process.terminate()
    assert (path.parent.stat().st_mode & 0o777, modes) == (0o700, {0o600})


def test_what_an_older_store_says_was_spent_is_summed_up(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    store, noon = Store(path), 20_000 * 86_400 + 43_200
    rows = [("iauth_1", 100, noon), ("iauth_2", 20, noon + 60), ("iauth_3", 3, noon + 86_400)]
    with store.transaction():
        for name, amount, created in rows:
            row = {"id": name, "card": "ic_1", "amount": amount, "created": created, "category": "bakeries"}
            store.put("_spend.ich_1", row, "acct_1")
    store.close()
    for _ in range(2):
        store = Store(path)
        days = spending.since(store, "acct_1", "ich_1", 0)
        assert days == (Spend("ic_1", 120, noon - 43_200, "bakeries"), Spend("ic_1", 3, noon + 43_200, "bakeries"))
        assert spending.since(store, "acct_1", "ich_1", noon) == days[1:]
        assert store.each("_spend.ich_1", "acct_1") == []
        store.close()

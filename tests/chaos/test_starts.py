"""Starts that meet, and ends that nobody prepared: several at once share or are told, and nothing is left behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.running.var_dir import locked
from tests.chaos.test_kills import create_accounts, databases, unsettled
from tests.stack import ROOT, Stack, children, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.prove, pytest.mark.quiet]


@pytest.fixture(params=databases())
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite below VAR_DIR, or a PostgreSQL database of its own."""
    return str(request.getfixturevalue("postgres_database")) if request.param == "postgres" else ""


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def tree(pid: int) -> list[int]:
    """A process and all that came from it."""
    found = [pid]
    for each in found:  # grows while it is walked
        found += children(each)
    return found


def alive(pids: list[int]) -> list[int]:
    """Those that run still; one that has ended and is not yet waited for does not."""
    return [pid for pid in pids if state(pid) not in ("", "Z")]


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def whole_tree(stack: Stack) -> list[int]:
    """Every process of a launcher, once the cluster is up: launcher, sandbox, web with two workers, worker, cluster."""
    assert stack.launcher
    found = tree(stack.launcher.pid)
    return found if len(found) >= 12 else []


def test_a_launcher_has_its_folder_alone_and_leaves_nothing(tmp_path: Path, open_umask: None) -> None:
    folder = tmp_path / "var"
    (folder / "log").mkdir(parents=True)
    (folder / "log" / "web.log").write_text("of an older release\n")
    with Stack(folder) as stack:
        everything = wait_until(lambda: whole_tree(stack), 20, "the whole tree")
        assert stack.launcher
        second = Stack(folder).environment
        done = subprocess.run(
            [sys.executable, "-m", "console.running.launcher"],
            cwd=ROOT,
            env=second,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"Another `make run` (pid {stack.launcher.pid}) uses VAR_DIR={folder}. "
            "Stop it, or set VAR_DIR to another folder.\n"
        )
        assert alive(everything) == everything
        assert [str(each) for each in (folder, *folder.rglob("*")) if each.lstat().st_mode & 0o077] == []
        stack.launcher.kill()
        stack.launcher.wait()
        wait_until(lambda: not alive(everything), 5, f"nothing left of {everything}")
        stack.launcher = None
    with locked(folder / "launcher.lock", wait=False) as free:
        assert free


def worker(stack: Stack) -> subprocess.Popen[bytes]:
    """One more worker on this host."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=ROOT, env=stack.environment, stderr=subprocess.DEVNULL
    )


def cluster_of(pid: int) -> list[int]:
    """The processes of a worker's cluster, once they are all there."""
    found = tree(pid)[1:]
    return found if len(found) >= 6 else []


def test_a_second_worker_shares_the_work(database_url: str, tmp_path: Path) -> None:
    with Stack(tmp_path, database_url=database_url) as stack:
        first = stack.part("worker")
        own = wait_until(lambda: cluster_of(first), 20, "the first cluster")
        with worker(stack) as second:
            others = wait_until(lambda: cluster_of(second.pid), 20, "the second cluster")
            create_accounts(stack, 3)
            wait_until(lambda: applied(stack) >= 3 and not unsettled(stack), 30, "events applied")
            assert alive(own) == own
            assert alive(others) == others
            second.kill()
            second.wait()
            wait_until(lambda: not alive(others), 5, "the second cluster ends with its worker")
        create_accounts(stack, 1)
        wait_until(lambda: applied(stack) >= 4 and not unsettled(stack), 30, "the first goes on")
        assert alive([first, *own]) == [first, *own]


def applied(stack: Stack) -> int:
    """Accounts that the events brought."""
    return int(stack.ask("Account.objects.count()"))


def test_two_first_starts_at_once_make_one_whole_database(database_url: str, tmp_path: Path) -> None:
    environment = Stack(tmp_path / "var", database_url=database_url).environment
    started = [
        subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--verbosity=0"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert set(said) <= {"", "Another migrate is under way on this database; waiting for it.\n"}
    check = [sys.executable, "manage.py", "migrate", "--check"]
    assert subprocess.run(check, cwd=ROOT, env=environment, check=False).returncode == 0


def test_a_launcher_says_in_one_line_what_keeps_it_from_starting(tmp_path: Path) -> None:
    for name in ("console", "sandbox"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.sqlite3").write_bytes(b"This is no database. " * 500)
        environment = Stack(folder).environment
        command = [sys.executable, "-m", "console.running.launcher", "--no-seed"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
        assert str(folder / f"{name}.sqlite3") in done.stderr
        assert "Move it away" in done.stderr

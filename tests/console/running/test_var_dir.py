"""VAR_DIR is its user's alone, whatever was there before and whatever the umask is; a secret is made once."""

import os
import pwd
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from console.running import var_dir
from console.running.secrets_file import kept_secret
from tests.stack import ROOT


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """Path below the folder → rights; "." is the folder."""
    return {str(each.relative_to(folder)): each.lstat().st_mode & 0o777 for each in (folder, *folder.rglob("*"))}


def test_a_new_one_is_closed_with_all_that_is_written_later(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "var"
    var_dir.prepare(folder)
    (folder / "log").mkdir()
    (folder / "log" / "web.log").write_text("x")
    assert modes(folder) == {".": 0o700, "log": 0o700, "log/web.log": 0o600}


def test_what_was_open_before_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    (folder / "static" / "deep").mkdir(parents=True, mode=0o777)
    for name, mode in {
        "secret_key": 0o644,
        "console.sqlite3-wal": 0o666,
        "static/deep/x": 0o755,
        "read": 0o444,
    }.items():
        (folder / name).write_text("x")
        (folder / name).chmod(mode)
    var_dir.prepare(folder)
    assert modes(folder) == {
        ".": 0o700,
        "static": 0o700,
        "static/deep": 0o700,
        "static/deep/x": 0o600,
        "secret_key": 0o600,
        "console.sqlite3-wal": 0o600,
        "read": 0o400,
    }


def test_a_database_elsewhere_is_closed_too(tmp_path: Path) -> None:
    for name in ("own.sqlite3", "own.sqlite3-wal", "own.sqlite3-shm", "another"):
        (tmp_path / name).write_bytes(var_dir.SQLITE)
    var_dir.close_database(tmp_path / "own.sqlite3")
    assert {name: mode for name, mode in modes(tmp_path).items() if mode == 0o600} == {
        "own.sqlite3": 0o600,
        "own.sqlite3-wal": 0o600,
        "own.sqlite3-shm": 0o600,
    }


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir(mode=0o755)
    (tmp_path / "outside" / "file").touch(0o644)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "var" / "file").symlink_to(tmp_path / "outside" / "file")
    var_dir.prepare(tmp_path / "var")
    assert modes(tmp_path / "outside") == {".": 0o755, "file": 0o644}


@pytest.mark.parametrize("folder", ["/", "/tmp", "/var", "/etc", "/home", str(ROOT), str(ROOT.parent), sys.prefix])
def test_a_folder_of_others_is_refused_and_left_alone(folder: str) -> None:
    before = Path(folder).stat().st_mode
    with pytest.raises(ImproperlyConfigured, match=f"VAR_DIR={folder} holds more than the console"):
        var_dir.prepare(Path(folder))
    assert Path(folder).stat().st_mode == before


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nowhere", "/dev/null"])
def test_an_unusable_one_is_one_line(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match=r"^VAR_DIR=\S+ cannot be used: .+\. Set VAR_DIR to .+\.$"):
        var_dir.prepare(tmp_path / place)


def test_a_lock_has_one_holder_whose_pid_it_tells(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with var_dir.locked(path, wait=False) as first, var_dir.locked(path, wait=False) as second:
        assert (first, second) == (True, False)
        assert path.read_text() == f"{os.getpid()}\n"
    with var_dir.locked(path, wait=False) as again:
        assert again


# Secrets


@pytest.mark.parametrize("left", [None, "", "\n"])
def test_of_several_first_starts_all_get_one_secret(left: str | None, tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    if left is not None:
        path.parent.mkdir()
        path.write_text(left)
    code = (
        f"import pathlib; from console.running.secrets_file import *; print(kept_secret(pathlib.Path({str(path)!r})))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = {process.communicate(timeout=30)[0] for process in started}
    assert said == {path.read_text()}
    assert len(path.read_text()) > 50
    assert modes(path.parent)["secret_key"] == 0o600


def test_of_several_threads_too(tmp_path: Path) -> None:
    found, start = list[str](), threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(kept_secret(tmp_path / "secret"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (8, 1)


def test_a_file_that_is_no_database_keeps_its_rights(tmp_path: Path) -> None:
    strangers, database, empty = tmp_path / "passwd", tmp_path / "db", tmp_path / "new"
    strangers.write_text("root:x:0:0")
    database.write_bytes(var_dir.SQLITE + bytes(84))
    empty.touch()
    for file in (strangers, database, empty):
        file.chmod(0o644)
        var_dir.close_database(file)
    var_dir.close_database(tmp_path / "not there")
    assert modes(tmp_path) == {".": modes(tmp_path)["."], "passwd": 0o644, "db": 0o600, "new": 0o600}


def test_a_home_folder_is_refused() -> None:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    with pytest.raises(ImproperlyConfigured, match="more than the console"):
        var_dir.prepare(home)

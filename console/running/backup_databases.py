"""The database's part of a backup: SQLite's own backup, or PostgreSQL's pg_dump; both of one moment while all write."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from django.db import connection

FILES = {"sqlite": "console.sqlite3", "postgresql": "console.pgdump"}


class BackupError(Exception):
    """Why there is no backup, or why it was not restored, in words for whoever ran the command."""


@contextmanager
def private(path: Path) -> Iterator[IO[bytes]]:
    """A file that its owner alone can read, on the disk when the block has ended; it replaces one of that name."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def durable(path: Path) -> None:
    """Bring a file's content, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_name() -> str:
    """What the database's file in a backup is called."""
    return FILES[connection.vendor]


def dump(path: Path) -> None:
    """Copy the database of one moment into the file. Raises BackupError, OSError or sqlite3.Error."""
    if connection.vendor == "sqlite":
        copy_sqlite(sqlite_path(), path)
        return
    with private(path) as file:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", stdout=file)


def copy_sqlite(source: Path, path: Path) -> None:
    """SQLite's own backup, in one step: writers go on meanwhile. The copy is one whole file, and checked."""
    with private(path):  # SQLite takes over the mode of the file
        pass
    original = sqlite3.connect(f"file:{quote(str(source))}?mode=rw", uri=True, isolation_level=None, timeout=2)
    with closing(original), closing(sqlite3.connect(path)) as target:
        original.execute("BEGIN")
        original.execute(
            "SELECT 1 FROM sqlite_master"
        ).fetchone()  # raises where it is locked; backup() would try for ever
        original.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        result = target.execute("PRAGMA quick_check(1)").fetchone()[0]
    if result != "ok":
        raise BackupError(f"{source} is damaged: {result}")
    durable(path)


def refuse_unless_there() -> None:
    """Raise BackupError where DATABASE_URL names a file that is not there: SQLite would make an empty one."""
    if connection.vendor == "sqlite" and not sqlite_path().is_file():
        raise BackupError(f"{sqlite_path()} is not there. Is DATABASE_URL, or VAR_DIR, that of the console?")


def refuse_unless_empty() -> None:
    """Raise BackupError where the database holds anything."""
    if connection.vendor == "sqlite":
        there = [path for path in sqlite_files() if path.exists() and (path != sqlite_path() or path.stat().st_size)]
        if there:
            raise BackupError(f"{there[0]} exists. Restore where there is no database yet.")
    elif connection.introspection.table_names():
        raise BackupError("The database of DATABASE_URL has tables. Restore into an empty one (createdb).")


def load(path: Path, put: Callable[[Path, Path], None]) -> None:
    """Fill the empty database, whole or not at all. Raises BackupError or OSError."""
    if connection.vendor == "sqlite":
        put(sqlite_path(), path)
        return
    with path.open("rb") as file:
        _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "-1", stdin=file)  # -1: as one whole


def sqlite_path() -> Path:
    """Where the database of DATABASE_URL lies."""
    return Path(connection.settings_dict["NAME"])


def sqlite_files() -> list[Path]:
    """The database of DATABASE_URL and what may lie beside it; empty for PostgreSQL."""
    return [sqlite_path(), *beside(sqlite_path())] if connection.vendor == "sqlite" else []


def beside(path: Path) -> list[Path]:
    """The files that SQLite keeps beside a database that is in use."""
    return [path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal")]


def _run(program: str, *options: str, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None) -> None:
    """Run a program of PostgreSQL's on our database; the password goes through its environment, never its arguments."""
    if shutil.which(program) is None:
        raise BackupError(f"{program} is not installed here. It is part of PostgreSQL's client programs.")
    arguments, environment = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    command = [program, *options, *arguments[1:-1], f"--dbname={arguments[-1]}"]
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")

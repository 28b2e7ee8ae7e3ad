"""A database that cannot be used is one line with the file or setting and what to do, and exit status 1."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, Error, IntegrityError, OperationalError, ProgrammingError

from console.databases import trouble
from console.management.commands.worker import Command as Worker
from gateway import binding
from tests.stack import ROOT

SQLITE = {"ENGINE": "console.databases.bounded_sqlite3", "NAME": "/nowhere/console.sqlite3"}
POSTGRESQL = {"ENGINE": "x.bounded_postgresql", "NAME": "cards", "HOST": "db", "PORT": 5433, "PASSWORD": "secret"}
AT = 'connection failed: connection to server at "10.0.0.1", port 5433 failed: '


def rubbish(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 500)


def whole(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app, name, applied)")
        database.execute("CREATE TABLE other (text)")
        database.executemany("INSERT INTO other VALUES (?)", [("x" * 500,)] * 200)


def truncated(path: Path) -> None:
    whole(path)
    os.truncate(path, 9000)


def damaged(path: Path) -> None:
    """A page in the middle, which nothing reads at a start."""
    whole(path)
    with path.open("r+b") as file:
        file.seek(10 * 4096)
        file.write(b"\xff" * 4096)


def half_made(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE console_user (id)")
        database.execute("CREATE TABLE django_content_type (id)")


def emptied(path: Path) -> None:
    path.touch()
    path.with_name(path.name + "-wal").write_bytes(b"x" * 5000)


FILES: dict[Callable[[Path], Any], str] = {
    rubbish: "It is no SQLite database. Move it away, then restore a backup",
    truncated: "It is damaged. Move it away, then restore a backup",
    damaged: "is damaged",
    half_made: "It was left half made: restore a backup",
    Path.mkdir: "It is a folder. Move it away, then restore a backup",
    emptied: "is empty, and console.sqlite3-wal is not: restore a backup",
}


def test_a_sqlite_file_that_is_none_is_one_line(tmp_path: Path) -> None:
    started = {}
    for number, make in enumerate(FILES):
        folder = tmp_path / str(number)
        folder.mkdir()
        make(folder / "console.sqlite3")
        environment = {**os.environ, "VAR_DIR": str(folder), "DATABASE_URL": ""}
        environment["DJANGO_SETTINGS_MODULE"] = "console.settings"
        started[make] = subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--verbosity=0"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
    for number, (make, process) in enumerate(started.items()):
        said = process.communicate(timeout=120)[1]
        assert process.returncode == 1, (make, said)
        assert said.count("\n") == 1, said
        assert str(tmp_path / str(number) / "console.sqlite3") in said
        assert FILES[make] in said


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OperationalError("database is locked"), "Another process holds it. End that process, or wait for it."),
        (OperationalError("attempt to write a readonly database"), "This user may not write it."),
        (OperationalError("unable to open database file"), "Its folder must be there"),
        (OperationalError("no such table: console_user"), "run `manage.py migrate`."),
        (OperationalError("no such column: x.y"), "run `manage.py migrate`."),
        (OperationalError("disk I/O error"), "The disk fails, or is full."),
        (OperationalError("database or disk is full"), "The disk fails, or is full."),
        (DatabaseError("database disk image is malformed"), "It is damaged."),
    ],
)
def test_sqlites_words_are_explained(error: Error, advice: str) -> None:
    words = trouble.explain(error, SQLITE)
    assert words.startswith(f"The database /nowhere/console.sqlite3 cannot be used: {error}. ")
    assert advice in words


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OperationalError(AT + "Connection refused\n\tIs the server running?"), "Start it, or correct DATABASE_URL."),
        (OperationalError("connection timeout expired"), "Start it, or correct DATABASE_URL."),
        (OperationalError("failed to resolve host 'db': unknown"), "Start it, or correct DATABASE_URL."),
        (OperationalError(AT + "FATAL:  the database system is starting up"), "Start it, or correct DATABASE_URL."),
        (OperationalError(AT + 'FATAL:  password authentication failed for user "u"'), "Correct the user and the"),
        (OperationalError(AT + "fe_sendauth: no password supplied"), "Correct the user and the password"),
        (OperationalError(AT + 'FATAL:  role "u" does not exist'), "Correct the user and the password"),
        (OperationalError(AT + 'FATAL:  database "cards" does not exist'), "Make it (createdb), or correct its name"),
        (OperationalError(AT + "FATAL:  no pg_hba.conf entry for host"), "Let this machine and user in"),
        (OperationalError(AT + "SSL error: certificate verify failed"), "Correct DATABASE_URL."),
        (ProgrammingError('relation "console_user" does not exist\nLINE 1: SELECT'), "run `manage.py migrate`."),
        (ProgrammingError('relation "console_user" already exists'), "It was left half made"),
        (ProgrammingError("permission denied for schema public"), "must be allowed to make tables"),
    ],
)
def test_postgresqls_words_are_explained_without_the_password(error: Error, advice: str) -> None:
    words = trouble.explain(error, POSTGRESQL)
    assert words.startswith("The database cards at db:5433 (DATABASE_URL) cannot be used: ")
    assert advice in words
    assert "\n" not in words
    assert "secret" not in words


@pytest.mark.parametrize("database", [SQLITE, POSTGRESQL])
@pytest.mark.parametrize(
    "error",
    [
        IntegrityError('null value in column "x" of relation "y" violates not-null constraint: does not exist'),
        ProgrammingError('syntax error at or near "SELEC"'),
        OperationalError('near "SELEC": syntax error'),
    ],
)
def test_a_bug_is_no_trouble_of_the_database(error: Error, database: dict[str, Any]) -> None:
    assert trouble.explain(error, database) == ""


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (OperationalError(AT + "Connection refused"), True),
        (OperationalError("The database did not answer a moment ago."), True),
        (OperationalError("database is locked"), True),
        (OperationalError(AT + 'FATAL:  password authentication failed for user "u"'), False),
        (OperationalError(AT + 'FATAL:  database "cards" does not exist'), False),
        (OperationalError("unable to open database file"), False),
    ],
)
def test_a_worker_waits_only_for_what_may_pass(
    error: Error, waits: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bind() -> None:
        raise error

    monkeypatch.setattr(binding, "bind", bind)
    if waits:
        assert not Worker().bound()
        assert capsys.readouterr().err.count("\n") == 1
    else:
        with pytest.raises(OperationalError):
            Worker().bound()


@pytest.mark.django_db
def test_a_database_that_is_whole_is_migrated_again_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("migrate", verbosity=0)
    assert capsys.readouterr() == ("", "")


def test_the_first_line_of_a_wrong_server_is_the_only_one() -> None:
    environment = {**os.environ, "DATABASE_URL": "postgres://u:secret@127.0.0.1:1/x"}
    environment["DJANGO_SETTINGS_MODULE"] = "console.settings"
    for command in ("migrate", "bind"):
        words = [sys.executable, "manage.py", command]
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "127.0.0.1:1 (DATABASE_URL) cannot be used: " in done.stderr
        assert "secret" not in done.stderr

"""Every wait for a database ends: who waits how long, and who finds out for the others."""

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.db import OperationalError, connection
from django.db.utils import load_backend

from console.databases import silence
from console.databases.patience import at_most, patience
from console.databases.silence import Silence
from tests.silent_proxy import SilentProxy

pytestmark = [pytest.mark.usefixtures("databases_of_their_own"), pytest.mark.postgres]
needs_postgres = pytest.mark.skipif(not os.environ.get("TEST_DATABASE_URL"), reason="PostgreSQL only")
DEFAULTS: dict[str, Any] = {
    "HOST": "",
    "PORT": "",
    "USER": "",
    "PASSWORD": "",
    "TIME_ZONE": None,
    "AUTOCOMMIT": True,
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {},
}


def test_who_has_no_patience_of_their_own_waits_as_the_settings_say() -> None:
    assert at_most(20) == 20
    with patience(1.5):
        assert at_most(20) == 1.5
        assert at_most(1) == 1
    assert at_most(20) == 20


def test_a_locked_sqlite_is_waited_for_as_long_as_there_is_patience(tmp_path: Path) -> None:
    file = str(tmp_path / "locked.sqlite3")
    lock = sqlite3.connect(file, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    backend = load_backend("console.databases.bounded_sqlite3").DatabaseWrapper(
        {**DEFAULTS, "NAME": file, "OPTIONS": {"timeout": 20, "init_command": "PRAGMA journal_mode=WAL"}}
    )
    began = time.monotonic()
    with patience(0.1), pytest.raises(OperationalError, match="locked"):
        backend.ensure_connection()
    assert time.monotonic() - began < 2
    lock.close()


def test_after_a_silence_one_at_a_time_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(silence.time, "monotonic", lambda: now[0])
    known = Silence()
    assert known.may_try(2)
    assert known.may_try(2)
    known.note()
    assert not known.may_try(2)
    assert not known.outlived_by(99.0)
    now[0] += silence.PAUSE
    assert known.may_try(2)
    assert not known.may_try(2)
    known.end()
    assert known.may_try(2)
    assert known.outlived_by(now[0] + 1)


@pytest.fixture
def databases_of_their_own(django_db_blocker: Any) -> Iterator[None]:
    """These tests open connections of their own, and none to the test database."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def proxied(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, SilentProxy]]:
    """A backend of its own behind a proxy, with short limits."""
    from console.databases.bounded_postgresql import base

    monkeypatch.setattr(base, "SHARED", Silence())
    monkeypatch.setattr(base, "AFTER_SERVER", 0.0)
    settings.DATABASE_PING_TIMEOUT = 0.3
    settings.DATABASE_STATEMENT_TIMEOUT = 0.5
    parts = urlsplit(os.environ["TEST_DATABASE_URL"])
    with SilentProxy((parts.hostname or "127.0.0.1", parts.port or 5432)) as proxy:
        where = {"HOST": "127.0.0.1", "PORT": str(proxy.port), "NAME": "postgres"}
        who = {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}
        options = {"connect_timeout": 2}
        yield base.DatabaseWrapper({**DEFAULTS, **where, **who, "OPTIONS": options}), proxy


@needs_postgres
def test_a_statement_without_an_answer_ends_and_the_next_ones_do_not_wait(proxied: tuple[Any, SilentProxy]) -> None:
    backend, proxy = proxied
    backend.ensure_connection()
    proxy.silent = True
    began = time.monotonic()
    with pytest.raises(OperationalError, match="did not answer within"), backend.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert 0.4 < time.monotonic() - began < 1.5
    backend.close()
    began = time.monotonic()
    with pytest.raises(OperationalError, match="a moment ago"):
        backend.ensure_connection()
    assert time.monotonic() - began < 0.1


@needs_postgres
def test_a_kept_connection_proves_shortly_that_it_lives(proxied: tuple[Any, SilentProxy]) -> None:
    backend, proxy = proxied
    backend.ensure_connection()
    assert backend.is_usable()
    proxy.silent = True
    began = time.monotonic()
    assert not backend.is_usable()
    assert 0.2 < time.monotonic() - began < 1.2
    backend.close()


@needs_postgres
def test_a_connection_from_before_a_silence_is_not_asked(proxied: tuple[Any, SilentProxy]) -> None:
    from console.databases.bounded_postgresql import base

    backend, _ = proxied
    backend.ensure_connection()
    base.SHARED.note()
    assert not backend.is_usable()
    backend.close()


@needs_postgres
def test_an_error_of_the_servers_own_ends_no_connection(proxied: tuple[Any, SilentProxy]) -> None:
    backend, _ = proxied
    with pytest.raises(OperationalError, match="statement timeout"), backend.cursor() as cursor:
        cursor.execute("SET statement_timeout = '100ms'; SELECT pg_sleep(0.4)")
    assert backend.is_usable()
    backend.close()


@needs_postgres
def test_migrations_take_as_long_as_they_take(proxied: tuple[Any, SilentProxy]) -> None:
    backend, _ = proxied
    backend.prepare_database()
    with backend.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
    assert backend.connection.limit is None
    backend.close()


@needs_postgres
@pytest.mark.django_db
def test_no_query_is_compiled() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


@needs_postgres
@pytest.mark.parametrize("name", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
def test_the_server_has_limits_of_its_own(name: str, settings: Any) -> None:
    assert f"-c {name}=" in settings.DATABASES["default"]["OPTIONS"]["options"]

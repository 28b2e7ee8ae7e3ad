"""Every test's world: its own VAR_DIR and database, and a sandbox process instead of patches."""

import os
import tempfile

_VAR = tempfile.mkdtemp(prefix="console-tests-")
os.environ.update(
    VAR_DIR=_VAR,
    CONSOLE_MODE="sandbox",
    STRIPE_SECRET_KEY="sk_test_tests",
    ENV_FILE="/dev/null",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_VAR}/console.sqlite3",
    CACHE_URL="locmemcache://",
    LOG_LEVEL="ERROR",
    STRIPE_RATE="0",
    SWEEP_INTERVAL="0.2",
    WAKE_INTERVAL="0.05",
    WORKER_TICK="0.2",
    HEARTBEAT_INTERVAL="0.5",
)

from collections.abc import Iterator  # noqa: E402
from importlib import import_module  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import pytest  # noqa: E402

from tests.sandbox_process import SandboxProcess  # noqa: E402


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A test database in a file, so that threads and other processes can share it."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = f"{_VAR}/test.sqlite3"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Between tests every table is emptied; the triggers that forbid it are made by the tests that are about them."""
    from django.db import connection

    triggers = import_module("console.migrations.0002_append_only")
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        triggers.unprotect(None, editor)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """One sandbox process for the run."""
    with SandboxProcess(store=Path(_VAR) / "sandbox.sqlite3") as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess, settings: object) -> SandboxProcess:
    """A freshly emptied sandbox that the gateway talks to."""
    sandbox_process.reset()
    settings.STRIPE_API_BASE = sandbox_process.url  # type: ignore[attr-defined]
    return sandbox_process


@pytest.fixture(autouse=True)
def fresh_clock() -> None:
    """No test sees the Stripe time of the one before it."""
    from gateway import clock

    clock.forget()


@pytest.fixture(autouse=True)
def plain_static_files(settings: object) -> None:
    """Templates name static files without a collected manifest."""
    settings.STORAGES = {  # type: ignore[attr-defined]
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def postgres_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, dropped afterwards."""
    import uuid

    import psycopg

    server = os.environ["TEST_DATABASE_URL"].rpartition("/")[0]
    name = f"stack_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres".replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

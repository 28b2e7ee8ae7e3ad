"""Every test's world: a database in a file, a sandbox process instead of patches. tests/settings.py has the rest."""

import gc
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from tests import emptying
from tests.sandbox_process import SandboxProcess
from tests.stack import empty_postgres

TRIGGERS = (
    *("console.migrations.0002_append_only", "console.migrations.0013_erasable"),
    "accounts.migrations.0003_terms_append_only",
)
LONGEST = "chaos/test_bulk_runs.py"  # minutes by itself: begun last, it would leave one of two cores idle


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("only", "none"), help="only the tests that use the database, or the others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What has no database need not run on each of them: seen by what a test asks for, or marks, not by a list.

    Tests that start processes are kept together by the stack that they share (`--dist loadgroup`).
    """
    items.sort(key=place)
    for item in items:
        if item.get_closest_marker("browser") or item.get_closest_marker("chaos"):
            item.add_marker(pytest.mark.xdist_group(stack_of(item)))
    if not (wanted := config.getoption("--database")):
        return
    marked = [item.get_closest_marker("django_db") or item.get_closest_marker("postgres") for item in items]
    asking = [bool(mark or "db" in item.fixturenames) for mark, item in zip(marked, items, strict=True)]  # type: ignore[attr-defined]
    chosen = {item for item, asks in zip(items, asking, strict=True) if asks == (wanted == "only")}
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]


def place(item: pytest.Item) -> int:
    """The longest first; none of this process behind Chromium: Playwright leaves a loop, which forbids the database."""
    if str(item.path).endswith(LONGEST):
        return 0
    return 2 if item.get_closest_marker("browser") or item.get_closest_marker("chaos") else 1


def stack_of(item: Any) -> str:
    """The session's stack that a journey uses, or its file."""
    shared = ("furnished", "stack") if item.get_closest_marker("browser") else ()
    return next((name for name in shared if name in item.fixturenames), item.path.stem)


def pytest_collection_finish() -> None:
    """What was imported stays, so garbage is not looked for in it again and again (a tenth of a run's time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A test database in a file, so that threads and other processes can share it."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = f"{settings.VAR_DIR}/test.sqlite3"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Between tests every table is emptied; the triggers that forbid it are made by the tests that are about them."""
    from django.db import connection

    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            emptying.spare_the_disk(connection)
        for name in TRIGGERS:
            with connection.schema_editor() as editor:
                import_module(name).unprotect(None, editor)
        emptying.install()
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # connections of threads that have ended keep the database from being dropped


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """One sandbox process for the run."""
    from django.conf import settings

    with SandboxProcess(store=settings.VAR_DIR / "sandbox.sqlite3") as process:
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
def fresh_approvals() -> None:
    """No test sees what waits for a second person, or which runs failed, in the one before it."""
    from django.core.cache import cache

    from console.approvals import waiting
    from console.shell.nouns import SHOWN

    cache.delete_many([waiting.KEY, f"bulk-runs:{SHOWN}"])


@pytest.fixture(autouse=True)
def fresh_figures() -> None:
    """No test sees figures that were computed in the one before it."""
    from console.shell import figures

    figures.forget()


@pytest.fixture(autouse=True)
def no_brakes() -> None:
    """No test sees the brakes of the one before it."""
    from console.brakes import standing

    standing.forget()


@pytest.fixture(autouse=True)
def own_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction that is rolled back after a test is none that the console opened round a call to Stripe."""
    from django.db import connection

    from gateway import client

    def opened() -> bool:
        return any(not block._from_testcase for block in connection.atomic_blocks)

    monkeypatch.setattr(client, "inside_transaction", opened)


@pytest.fixture
def shipped_hashes(settings: object) -> None:
    """For tests of the hashes themselves; all others take a quick one (tests/settings.py)."""
    from console import settings as shipped

    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def own_heads(settings: object) -> None:
    """Each test's audit trail is its own, and so are the heads that are noted of it."""
    import uuid

    settings.AUDIT_HEADS = f"{settings.VAR_DIR}/heads-{uuid.uuid4().hex}"  # type: ignore[attr-defined]


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
    with empty_postgres() as url:
        yield url

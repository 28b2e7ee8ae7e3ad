"""A database of any landed release migrates to the newest, with all that is in it and with the checks."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.test_kills import databases
from tests.stack import ROOT, Stack

Rows = dict[str, dict[str, Any]]


pytestmark = [pytest.mark.chaos, pytest.mark.prove]


@pytest.fixture(params=databases())
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Of processes with an empty database of their own."""
    sqlite = f"sqlite:///{tmp_path}/console.sqlite3"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "VAR_DIR": str(tmp_path), "DATABASE_URL": url}


def start(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a process of ours to its end."""
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def run(environment: dict[str, str], *command: str) -> str:
    """What it prints; it must end well and complain of nothing."""
    done = start(environment, *command)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def older(environment: dict[str, str], what: str) -> Any:
    """Make an older database, or read one (tests.upgrading)."""
    return json.loads(run(environment, "-m", "tests.upgrading", what))


def kept(before: Rows, after: Rows) -> Rows:
    """The rows of before as they are now, in the fields that they had; some are called plain since."""
    found: Rows = {}
    for name, row in before.items():
        now = {field.removeprefix("plain_"): value for field, value in after[name].items()}
        found[name] = {field: now[plain] for field in row if (plain := field.removeprefix("plain_")) in now}
    return found


def execute(environment: dict[str, str], statement: str) -> str:
    """Run one SQL statement; returns the database's complaint, or ""."""
    code = (
        "from django.db import DatabaseError, connection\n"
        f"try: connection.cursor().execute({statement!r})\n"
        "except DatabaseError as error: print(error)"
    )
    return run(environment, "manage.py", "shell", "--no-imports", "-c", code).strip()


def test_the_first_database_migrates_with_its_data_in_one_command(environment: dict[str, str]) -> None:
    before = older(environment, "first")
    assert {"gateway.binding", "gateway.event", "console.auditentry", "accounts.account"} <= set(before)
    run(environment, "manage.py", "migrate", "--verbosity=0")
    run(environment, "manage.py", "check", "--database", "default")
    after = older(environment, "values")
    assert kept(before, after) == before
    assert after["accounts.account"]["overdue"] is True  # as Stripe's `past_due` says; the column was not there
    assert "append-only" in execute(environment, "UPDATE console_auditentry SET reason = 'another'")
    assert "append-only" in execute(environment, "DELETE FROM console_accessentry")


def test_the_trail_of_an_older_release_stays_whole_and_goes_on(environment: dict[str, str]) -> None:
    assert older(environment, "trail") == 3
    run(environment, "manage.py", "migrate", "--verbosity=0")
    assert run(environment, "manage.py", "verify_audit").startswith("3 rows, whole")
    goes_on = "from django.db import transaction; from console.record import audit\n"
    goes_on += "with transaction.atomic(): audit.record('test.done', reason='Because of Marta')"
    run(environment, "manage.py", "shell", "--no-imports", "-c", goes_on)
    assert run(environment, "manage.py", "verify_audit").startswith("4 rows, whole")
    for table in ("console_auditentry", "console_auditpersonal"):
        assert "append-only" in execute(environment, f"UPDATE {table} SET number = 9")
        assert "append-only" in execute(environment, f"DELETE FROM {table}")


def test_every_migration_keeps_the_rows_and_the_checks_ask_each_database(environment: dict[str, str]) -> None:
    walked = older(environment, "walk")
    in_sandbox = {step: said["sandbox"] for step, said in walked["checks"].items() if said["sandbox"]}
    assert in_sandbox == {}
    assert walked["checks"]["gateway.0001_initial"]["live"] == ["gateway.E013"]
    assert kept(walked["rows"], older(environment, "values")) == walked["rows"]


def test_before_the_migration_each_start_says_what_to_do(environment: dict[str, str]) -> None:
    older(environment, "binding")
    for command in (("manage.py", "bind"), ("manage.py", "worker"), ("-c", "import console.wsgi")):
        done = start(environment, *command)
        assert done.returncode == 1
        assert "gateway.E015" in done.stderr
        assert done.stderr.strip().endswith("Run `manage.py migrate` first.")
    done = start(environment | {"CONSOLE_MODE": "test", "STRIPE_SECRET_KEY": "sk_test_1"}, "manage.py", "migrate")
    assert "gateway.E013" in done.stderr
    assert "key_digest" in execute(environment, "SELECT key_digest FROM gateway_binding")  # nothing was changed


def test_make_run_takes_an_older_database(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    older(stack.environment | {"DJANGO_SETTINGS_MODULE": "console.settings"}, "binding")
    with stack:
        assert stack.ask("[b.mode for b in Binding.objects.exclude(platform_account='').exclude(key_digest='')]") == [
            "sandbox"
        ]

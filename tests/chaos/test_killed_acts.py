"""kill -9 at every point of an act that only the database knows of: a whole state, a whole trail, and a repetition."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.chaos.test_kills import databases
from tests.killed_acts import ROWS
from tests.stack import PASSWORD, ROOT, empty_postgres

pytestmark = [pytest.mark.chaos, pytest.mark.prove]


@pytest.fixture(scope="module", params=databases())
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Of processes with a database of their own that has the demo's people."""
    folder = tmp_path_factory.mktemp("killed")
    with ExitStack() as ends:
        url = f"sqlite:///{folder}/console.sqlite3"
        url = ends.enter_context(empty_postgres()) if request.param == "postgres" else url
        own = {"VAR_DIR": str(folder), "DATABASE_URL": url, "DEMO_PASSWORD": PASSWORD, "ENV_FILE": "/dev/null"}
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "CONSOLE_MODE": "sandbox", **own}
        start(environment, "manage.py", "migrate", "--verbosity=0")
        start(environment, "manage.py", "demo_users")
        yield environment


def start(environment: dict[str, str], *command: str) -> str:
    """What a process of ours prints; it must end well."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def kills(environment: dict[str, str], act: str) -> list[dict[str, Any]]:
    """Every kill of the act; the trail is whole after each of them and after its repetition."""
    told = [json.loads(line) for line in start(environment, "-m", "tests.killed_acts", act).splitlines()]
    assert [each["ended"] for each in told] == [False] * (len(told) - 1) + [True]
    for each in told:
        assert "whole" in each["verified_then"], each
        assert "whole" in each["verified_after"], each
    return told


def test_erasing_that_is_killed_anywhere_goes_on_and_blanks_each_part_once(environment: dict[str, str]) -> None:
    told = kills(environment, "erase")
    for each in told:
        then, after = each["then"], each["after"]
        assert then["blank"] + then["named"] == ROWS, each  # a part is there, or it is blank
        assert then["blank_and_named"] == 0, each
        assert len(then["acts"]) == then["told"], each  # an act and the row that tells of it, or neither
        assert sum(blanked for blanked, _ in then["acts"]) == then["blank"], each
        assert after == {"acts": [[ROWS, True]], "told": 1, "blank": ROWS, "blank_and_named": 0, "named": 0}, each
    assert {each["then"]["blank"] for each in told} == {0, 2, 4, ROWS}  # it was killed between all of its batches


def test_a_brake_that_is_killed_while_it_is_set_stands_and_is_told_or_neither(environment: dict[str, str]) -> None:
    told = kills(environment, "brake")
    for each in told:
        assert each["then"]["stands"] == each["then"]["told_set"], each
        expected = {"stands": 1, "lifted": 0, "told_set": 1, "told_lifted": 0, "held": 1, "due": 0}
        assert each["after"] == expected, each
    assert {each["then"]["stands"] for each in told} == {0, 1}


def test_a_brake_that_is_killed_while_it_is_lifted_lets_all_go_or_nothing(environment: dict[str, str]) -> None:
    told = kills(environment, "lift")
    gone = {"stands": 0, "lifted": 1, "told_set": 1, "told_lifted": 1, "held": 0, "due": 1}
    stays = {"stands": 1, "lifted": 0, "told_set": 1, "told_lifted": 0, "held": 1, "due": 0}
    for each in told:
        assert each["then"] in (gone, stays), each
        assert each["after"] == gone, each
    assert [each["then"] for each in told].count(stays) > 1

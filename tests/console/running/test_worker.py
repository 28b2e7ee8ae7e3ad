"""The worker's supervisor: its rounds may wait, its main thread may not."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule

from console.running.schedules import SCHEDULES
from console.running.worker import Supervisor
from console.shell import figures
from gateway import health


class Runs:
    """A cluster that runs, as the supervisor sees it, and what was done with it."""

    def __init__(self) -> None:
        self.started_at, self.done = time.monotonic(), list[str]()

    def dead(self) -> bool:
        return False

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.done.append("start")

    def kill(self) -> None:
        self.done.append("kill")

    def stop(self) -> None:
        self.done.append("stop")


@pytest.fixture
def supervisor(settings: Any) -> Iterator[Supervisor]:
    settings.WORKER_TICK = 0.01
    found = Supervisor()
    found.cluster = Runs()  # type: ignore[assignment]
    yield found
    found.stop()


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What the process would have been replaced by."""
    found: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(os, "execv", lambda path, words: found.append((path, words)))
    return found


def test_it_stops_while_a_round_hangs(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, release = threading.Event(), threading.Event()

    def tick() -> None:
        hangs.set()
        release.wait(20)

    monkeypatch.setattr(supervisor, "tick", tick)
    main = threading.Thread(target=supervisor.run)
    main.start()
    assert hangs.wait(10)
    supervisor.stop()
    main.join(2)
    assert not main.is_alive()
    assert supervisor.cluster.done == ["start", "stop"]  # type: ignore[attr-defined]
    release.set()


def test_a_round_that_does_not_end_has_the_process_begin_anew(
    supervisor: Supervisor, settings: Any, replaced: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor.rounds, "is_alive", lambda: True)
    settings.ROUND_LIMIT = 5.0
    supervisor.watch()
    assert replaced == []
    supervisor.round_began -= 6
    supervisor.watch()
    assert replaced == [(sys.executable, [sys.executable, *sys.orig_argv[1:]])]
    assert supervisor.cluster.done == ["kill"]  # type: ignore[attr-defined]


def test_rounds_that_ended_by_an_error_of_ours_end_the_process(supervisor: Supervisor) -> None:
    with pytest.raises(RuntimeError, match="rounds"):
        supervisor.watch()


def test_a_wedged_cluster_is_replaced_once(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor.rounds, "is_alive", lambda: True)
    supervisor.wedged = supervisor.cluster.started_at
    supervisor.watch()
    supervisor.watch()
    assert supervisor.cluster.done == ["kill", "start"]  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_cluster_is_wedged_when_it_has_proved_nothing_for_too_long(supervisor: Supervisor, settings: Any) -> None:
    supervisor.cluster.started_at -= settings.HEARTBEAT_LIMIT + 1
    health.beat("worker")
    supervisor.judge()
    assert supervisor.wedged is None
    health.Heartbeat.objects.all().delete()
    supervisor.judge()
    assert supervisor.wedged == supervisor.cluster.started_at


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_round_outlives_a_database_that_is_away(supervisor: Supervisor, error: type[Exception]) -> None:
    def away(*arguments: Any) -> None:
        raise error("away")

    with connection.execute_wrapper(away):
        supervisor.tick()
    assert supervisor.wedged is None


@pytest.mark.django_db(transaction=True)
def test_a_start_writes_the_schedules_and_asks_for_each_at_once(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "keep", int)  # it takes longer than SWEEP_INTERVAL here
    supervisor.tick()
    supervisor.tick()
    assert set(Schedule.objects.values_list("name", "func")) == {(line.name, line.path) for line in SCHEDULES}
    asked = [task.func() for task in OrmQ.objects.all()]
    assert [asked.count(line.path) for line in SCHEDULES] == [1] * len(SCHEDULES)


def test_schedules_have_names_of_their_own_and_call_what_is_there() -> None:
    assert len({line.name for line in SCHEDULES}) == len(SCHEDULES)
    assert all(callable(import_string(line.path)) for line in SCHEDULES)

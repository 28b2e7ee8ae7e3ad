"""Asking for background work: after the commit, rarely, and never in the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from gateway import queue
from gateway.models import Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def awake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_woken", float("-inf"))


def waiting() -> list[str]:
    """The functions that were asked for."""
    return [task.func() for task in OrmQ.objects.order_by("pk")]


class Away:
    """The queue's table is not there."""

    def __enter__(self) -> None:
        self.rename("django_q_ormq", "django_q_away")

    def __exit__(self, *_: object) -> None:
        self.rename("django_q_away", "django_q_ormq")

    def rename(self, old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


def test_a_task_is_asked_for_after_the_commit_only() -> None:
    with transaction.atomic():
        queue.enqueue("gateway.health.beat", "worker")
        assert waiting() == []
    assert waiting() == ["gateway.health.beat"]
    assert OrmQ.objects.get().task["args"] == ("worker",)


def test_a_task_of_a_transaction_that_failed_is_never_asked_for() -> None:
    with transaction.atomic():
        queue.enqueue("gateway.health.beat", "worker")
        transaction.set_rollback(True)
    assert waiting() == []


def test_a_queue_that_is_away_is_logged_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING", "gateway")
    with Away():
        queue.enqueue("gateway.health.beat", "worker")
        queue.wake()
    assert caplog.text.count("the queue is away") == 2
    assert not Heartbeat.objects.exists()  # so the next wake asks again


def test_of_many_wakes_one_asks(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WAKE_INTERVAL = 60
    queue.wake()
    with CaptureQueriesContext(connection) as queries:
        queue.wake()
    assert len(queries) == 0
    assert waiting() == [queue.DRAIN]
    monkeypatch.setattr(queue, "_woken", float("-inf"))  # another process
    queue.wake()
    assert waiting() == [queue.DRAIN]
    queue.begun()
    monkeypatch.setattr(queue, "_woken", float("-inf"))
    queue.wake()
    assert waiting() == [queue.DRAIN] * 2


def test_a_drain_that_was_lost_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    queue.wake()
    monkeypatch.setattr(queue, "_woken", float("-inf"))
    monkeypatch.setattr(queue, "ASKED_LASTS", -1)
    queue.wake()
    assert len(waiting()) == 2


def test_of_all_processes_one_has_the_turn() -> None:
    def take(number: int) -> bool:
        try:
            return queue.take_turn("round", 60)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(24))) == 1
    assert queue.take_turn("round", -1)


# By time

BEAT, REDACT = "gateway.health.beat", "gateway.retention.redact_old"
LINES = (queue.Scheduled("beat", BEAT, seconds=10), queue.Scheduled("redact", REDACT, seconds=600))


def schedules() -> list[tuple[str, str, int]]:
    """What there is, by name."""
    return list(Schedule.objects.order_by("name").values_list("name", "func", "minutes"))


def test_schedules_are_what_the_code_says_however_often_they_are_written() -> None:
    queue.write_schedules(LINES)
    queue.write_schedules(LINES)
    assert schedules() == [("beat", BEAT, 1), ("redact", REDACT, 10)]


def test_a_schedule_that_changed_or_left_the_code_does_so_in_the_database() -> None:
    queue.write_schedules(LINES)
    Schedule.objects.create(func="no.such.function", kwargs="malformed")
    queue.write_schedules([queue.Scheduled("beat", BEAT, seconds=300)])
    assert schedules() == [("beat", BEAT, 5)]


def test_workers_that_start_at_once_write_one_row_a_schedule() -> None:
    def write(number: int) -> None:
        try:
            queue.write_schedules(LINES)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(12)))
    assert [name for name, _, _ in schedules()] == ["beat", "redact"]


def test_what_is_due_by_time_is_asked_for_once_and_again_when_its_time_is_over() -> None:
    queue.write_schedules(LINES)
    queue.run_schedules(LINES)
    queue.run_schedules(LINES)
    assert sorted(waiting()) == [BEAT, REDACT]
    Schedule.objects.update(next_run=timezone.now() - timedelta(hours=2))
    queue.run_schedules(LINES)
    assert sorted(waiting()) == [BEAT, BEAT, REDACT, REDACT]  # what was missed is done once
    in_seconds = [(row.next_run - timezone.now()).total_seconds() for row in Schedule.objects.order_by("name")]
    assert 0 < in_seconds[0] <= 10 < 500 < in_seconds[1] <= 600


def test_with_the_queue_away_what_is_due_by_time_stays_due(caplog: pytest.LogCaptureFixture) -> None:
    queue.write_schedules(LINES)
    with Away():
        queue.run_schedules(LINES)
    assert Schedule.objects.filter(next_run__lte=timezone.now()).count() == 2

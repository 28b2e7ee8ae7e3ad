"""The rate budget: one bucket for all threads and processes."""

import os
import subprocess
import sys
import time
from typing import Any

import pytest
from django.db import connection

from gateway import budget, client
from gateway.errors import Unreachable
from gateway.models import RateBucket
from tests.gateway.scripted import Scripted, good

pytestmark = pytest.mark.django_db


def free_at() -> float:
    return RateBucket.objects.get(scope=budget.BUCKET).free_at


def most_in_a_second(moments: list[float]) -> int:
    """The largest number of moments that fit into one second."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_first_call_waits_for_nothing(settings: Any) -> None:
    settings.STRIPE_RATE = 1.0
    started = time.monotonic()
    budget.take()
    assert time.monotonic() - started < 0.5
    assert free_at() > time.time()


def test_slots_are_spaced_evenly(settings: Any) -> None:
    settings.STRIPE_RATE = 50.0
    moments = []
    for _ in range(12):
        budget.take()
        moments.append(time.monotonic())
    assert moments[-1] - moments[0] >= 11 * budget.spacing(50.0) - budget.LATE


def test_no_limit_asks_no_database(settings: Any, django_assert_num_queries: Any) -> None:
    settings.STRIPE_RATE = 0
    with django_assert_num_queries(0):
        budget.take()


def test_each_slot_but_the_first_costs_one_statement(settings: Any, django_assert_num_queries: Any) -> None:
    settings.STRIPE_RATE = 1000.0
    budget.take()
    with django_assert_num_queries(1):
        budget.take()


def test_queue_that_is_too_long_is_not_joined(settings: Any) -> None:
    settings.STRIPE_RATE = 0.1
    budget.take()
    taken = free_at()
    with pytest.raises(Unreachable) as caught:
        budget.take(budget.Lane(joins=1.0, waits=1.0))
    assert not caught.value.sent
    assert free_at() == taken


def test_clock_set_back_does_not_stop_everything(settings: Any) -> None:
    settings.STRIPE_RATE = 1.0
    RateBucket.objects.create(scope=budget.BUCKET, free_at=time.time() + 3600)
    budget.take()
    assert abs(free_at() - time.time()) < 5


def test_caller_that_wakes_too_late_gives_its_slot_up(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STRIPE_RATE = 20.0
    budget.take()
    sleeps = []
    sleep = time.sleep

    def oversleep(seconds: float) -> None:
        sleeps.append(seconds)
        sleep(seconds + (2 * budget.LATE if len(sleeps) == 1 else 0))

    monkeypatch.setattr(budget.time, "sleep", oversleep)
    before = free_at()
    budget.take()
    assert free_at() >= before + 2 * budget.spacing(20.0) - 0.001


def test_caller_that_always_wakes_too_late_gives_up(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STRIPE_RATE = 1000.0
    monkeypatch.setattr(budget, "LATE", -1.0)
    with pytest.raises(Unreachable):
        budget.take(budget.Lane(joins=0.05, waits=0.05))


def test_call_without_a_slot_is_not_sent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(good()) as server:
        settings.STRIPE_API_BASE, settings.STRIPE_RATE = server.url, 0.05
        client.get("/v1/balance", account=None)
        with pytest.raises(Unreachable) as caught, budget.lane(budget.Lane(joins=budget.LONGEST_WAIT, waits=0.2)):
            client.get("/v1/balance", account=None)
    assert not caught.value.sent
    assert len(server.requests) == 1


def test_bulk_takes_no_slot_while_anybody_queues_and_a_person_does(settings: Any) -> None:
    settings.STRIPE_RATE = 1.0
    budget.take()  # the next slot is a second away
    with pytest.raises(Unreachable):
        budget.take(budget.Lane(joins=budget.BULK.joins, waits=0.2, background=True))
    taken = free_at()
    budget.take()  # waits for it
    assert free_at() > taken


def test_the_background_stands_back_for_what_is_urgent(settings: Any) -> None:
    settings.STRIPE_RATE = 1000.0
    with budget.lane(budget.URGENT):
        budget.take()
    for lane in (budget.BULK, budget.READS):
        with pytest.raises(Unreachable):
            budget.take(budget.Lane(joins=lane.joins, waits=0.1, background=True))
    budget.take()  # a person goes on
    RateBucket.objects.update(urgent_at=time.time() - budget.URGENT_LASTS)
    assert budget.take(budget.BULK) is budget.BULK


def test_a_lane_holds_for_its_thread_and_its_block(settings: Any) -> None:
    settings.STRIPE_RATE = 1000.0
    with budget.lane(budget.BULK):
        assert budget.take() is budget.BULK
    assert budget.take() is budget.PERSON


PROGRAM = """
import sys, threading, time
import django; django.setup()
from django.conf import settings
from django.db import connection
from gateway import budget
settings.STRIPE_RATE = float(sys.argv[1])
moments = []
def run(number):
    for _ in range(number):
        budget.take(budget.Lane(joins=30, waits=30))
        moments.append(time.time())
    connection.close()
threads = [threading.Thread(target=run, args=(int(sys.argv[2]),)) for _ in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*moments)
"""


@pytest.mark.django_db(transaction=True)
def test_500_calls_of_two_processes_never_exceed_the_rate(settings: Any) -> None:
    rate = 250
    server = "sqlite:///" if connection.vendor == "sqlite" else os.environ["DATABASE_URL"].rpartition("/")[0] + "/"
    url = f"{server}{connection.settings_dict['NAME']}"
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "console.settings"}
    command = [sys.executable, "-c", PROGRAM, str(rate), "50"]
    running = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    moments = [float(word) for process in running for word in process.communicate(timeout=60)[0].split()]
    assert len(moments) == 500
    assert most_in_a_second(moments) <= rate
    assert max(moments) - min(moments) >= 499 / rate

"""Rows that processes work off, shown with a model that is thrown away: what holds for it holds for each that comes."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections, models, transaction
from django.db.models import F, Q
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from console.operations.models import Operation
from gateway import claims, sweep
from gateway.models import Event
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def mail() -> Iterator[Any]:
    """A table of letters: each is sent by one process."""
    with isolate_apps("gateway"):

        class Letter(claims.Claimed):
            sent_at = models.DateTimeField(null=True)

            waiting = Q(sent_at=None)
            task = "gateway.health.beat"
            objects = claims.ClaimedQuerySet["Letter"].as_manager()

            class Meta(claims.Claimed.Meta):
                app_label = "gateway"
                indexes = (
                    *claims.Claimed.Meta.indexes,
                    models.Index(fields=["next_try_at"], name="letter_waiting", condition=Q(sent_at=None)),
                )

    with connection.schema_editor() as editor:
        editor.create_model(Letter)
    yield Letter
    with connection.schema_editor() as editor:
        editor.delete_model(Letter)


def test_a_row_is_due_until_a_process_claims_it_and_again_when_the_claim_runs_out(mail: Any, settings: Any) -> None:
    row = mail.objects.create()
    (claimed,) = mail.objects.due().claim(attempts=F("attempts") + 1)
    assert claimed.claimed_by == claims.process_name()
    row.refresh_from_db()
    assert (row.attempts, row.claimed_by, row.claimed_until) == (1, claimed.claimed_by, claimed.claimed_until)
    assert mail.objects.due().claim() == []
    assert list(mail.objects.held()) == [row]
    assert list(mail.objects.due(row.claimed_until)) == [row]


def test_a_claim_that_is_renewed_lasts_as_long_as_a_new_one(mail: Any, settings: Any) -> None:
    mail.objects.create()
    mail.objects.due().claim(until=timezone.now() + timedelta(seconds=1))
    assert mail.objects.held().renew() == 1
    assert list(mail.objects.due(timezone.now() + timedelta(seconds=settings.CLAIM_SECONDS - 5))) == []


def test_what_is_released_is_due_at_once_and_was_not_tried(mail: Any) -> None:
    row = mail.objects.create()
    mail.objects.due().claim(attempts=F("attempts") + 1)
    mail.objects.held().release()
    row.refresh_from_db()
    assert (row.attempts, row.claimed_by, row.claimed_until) == (0, "", None)
    assert list(mail.objects.due()) == [row]


def test_what_is_put_off_is_due_then_and_its_attempt_stays(mail: Any) -> None:
    row, until = mail.objects.create(), timezone.now() + MINUTE
    mail.objects.due().claim(attempts=F("attempts") + 1)
    mail.objects.held().put_off(until)
    row.refresh_from_db()
    assert (row.attempts, row.claimed_by, row.next_try_at) == (1, "", until)
    assert [list(mail.objects.due(at)) for at in (until - MINUTE, until)] == [[], [row]]


def test_what_is_settled_is_nobodys_and_never_due(mail: Any) -> None:
    mail.objects.create()
    mail.objects.due().claim()
    mail.objects.held().settle(sent_at=timezone.now())
    assert not mail.objects.waiting().exists()
    assert list(mail.objects.values_list("claimed_by", "claimed_until")) == [("", None)]
    assert list(mail.objects.due(timezone.now() + 9 * MINUTE)) == []


def test_processes_that_claim_at_once_never_share_a_row(mail: Any) -> None:
    rows = mail.objects.bulk_create([mail() for _ in range(60)])
    taken: list[int] = []

    def take(number: int) -> None:
        for _ in range(4):
            taken.extend(row.pk for row in mail.objects.due().order_by("pk").claim(by=f"elsewhere:-:{number}", limit=3))
        connections.close_all()

    threads = [threading.Thread(target=take, args=[number]) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken))
    assert mail.objects.due().count() == len(rows) - len(taken)


def ended(signal: int) -> str:
    """The name of a process of this host that ended so."""
    process = subprocess.Popen([sys.executable, "-c", f"import os; os.kill(os.getpid(), {signal})"])
    process.wait()
    return f"{claims.process_name().rpartition(':')[0]}:{process.pid}"


def test_what_a_killed_process_held_is_handed_on_at_the_next_sweep(mail: Any) -> None:
    row = mail.objects.create()
    mail.objects.due().claim(by=f"{ended(9)}#1", until=timezone.now() + 60 * MINUTE)
    assert sweep.over(mail) == 1
    row.refresh_from_db()
    assert row.claimed_by == sweep.QUEUED
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == (mail.task, (str(row.pk),))


def test_whoever_frees_what_the_dead_held_waits_for_nobody(mail: Any) -> None:
    mail.objects.bulk_create([mail(), mail()])
    mail.objects.due().claim(by=ended(9))
    with CaptureQueriesContext(connection) as queries:
        assert mail.objects.release_dead() == 2
    locking = [each["sql"] for each in queries if each["sql"].endswith("FOR NO KEY UPDATE SKIP LOCKED")]
    assert len(locking) == (connection.vendor == "postgresql")


@pytest.mark.parametrize("name", [f"{claims.process_name()}#1", "elsewhere:-:1#1"], ids=["living", "elsewhere"])
def test_what_the_living_and_other_hosts_hold_stays_theirs(name: str, mail: Any) -> None:
    mail.objects.create()
    mail.objects.due().claim(by=name)
    assert mail.objects.release_dead() == 0
    assert sweep.over(mail) == 0


def test_what_waits_in_the_queue_is_not_sent_there_again_unless_the_queue_lost_it(mail: Any, settings: Any) -> None:
    mail.objects.bulk_create([mail() for _ in range(3)])
    assert [sweep.over(mail), sweep.over(mail)] == [3, 0]
    later = timezone.now() + timedelta(seconds=settings.CLAIM_SECONDS + 1)
    assert sweep.over(mail, later) == 3


def test_every_model_that_is_claimed_says_how_it_is_worked_off() -> None:
    found = [model for model in apps.get_models() if issubclass(model, claims.Claimed)]
    assert {Event, Operation} <= set(found)
    for model in found:
        assert bool(model.task) != bool(model.swept_by)
        assert callable(import_string(model.task or model.swept_by))


def plans(table: str, act: Callable[[], object]) -> list[str]:
    """How the database finds the rows of a table in each statement of an act, its figures being up to date."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        if f'"{table}"' in statement and statement.startswith(("SELECT", "UPDATE")):
            asked.append((statement, params))
        return execute(statement, params, many, context)

    if connection.vendor == "postgresql":  # SQLite would keep the figures for the tests that come after
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    with connection.execute_wrapper(note):
        act()
    found, explain = [], "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, params in asked:
            cursor.execute(f"{explain} {statement}", params)
            found.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
    return found


def whole_scans(found: list[str], table: str) -> list[str]:
    """Those plans that look at every row of the table."""
    whole = re.compile(rf"Seq Scan on {table}|SCAN {table}(?! USING INDEX \w+_(waiting|claimed|tried)\b)")
    return [plan for plan in found if whole.search(plan)]


def test_what_is_worked_off_costs_the_sweep_of_events_nothing(settings: Any) -> None:
    def event(number: int) -> Event:
        state = "done" if number else "waiting"
        return Event(id=f"evt_{number}", livemode=False, created=number, payload={}, received_at=now, state=state)

    now = timezone.now()
    Event.objects.bulk_create([event(number) for number in range(5000)])
    for act in (partial(sweep.over, Event), Event.objects.claim_fresh, Event.objects.claim_alone):
        found = plans("gateway_event", act)
        assert len(found) >= 2
        assert whole_scans(found, "gateway_event") == []


def test_what_is_worked_off_costs_the_sweep_of_operations_nothing() -> None:
    user, now = person("otto"), timezone.now()
    made = {"verb": "tests.verb", "user": user, "reason": "to see"}

    def operation(number: int) -> Operation:
        settled = {"state": "succeeded", "settled_at": now} if number else {"next_try_at": now}
        return Operation(**made, **settled, key=f"key-{number}", form_token=f"token-{number}")

    Operation.objects.bulk_create([operation(number) for number in range(5000)])
    found = plans("console_operation", partial(sweep.over, Operation))
    assert len(found) >= 3
    assert whole_scans(found, "console_operation") == []
    assert Operation.objects.held(sweep.QUEUED).count() == 1

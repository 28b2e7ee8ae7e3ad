"""Health: what load balancers and pages are told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from gateway import health
from gateway.models import Event


def wait_since(seconds: float, *, state: str = "waiting", name: str = "evt_1") -> Event:
    return Event.objects.create(
        id=name,
        type="account.updated",
        created=1,
        livemode=False,
        payload={},
        received_at=timezone.now() - timedelta(seconds=seconds),
        state=state,
    )


@pytest.fixture
def migrations_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)


@pytest.mark.parametrize("method", ["get", "head"])
def test_healthz_answers_anybody_without_a_database(client: Client, method: str) -> None:
    answer = getattr(client, method)("/healthz")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer.content == (b"ok\n" if method == "get" else b"")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.django_db
def test_readyz_is_well_when_all_parts_are(client: Client, migrations_unknown: None) -> None:
    health.beat("worker")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ok"]
    assert {name: part["ok"] for name, part in answer.json().items() if name != "ok"} == {
        "database": True,
        "migrations": True,
        "events": True,
        "worker": True,
    }
    assert "no-store" in answer["Cache-Control"]
    assert answer.json()["events"]["age"] == 0


@pytest.mark.django_db
def test_readyz_costs_three_queries_and_a_transaction(client: Client, django_assert_num_queries: Any) -> None:
    client.get("/readyz")
    with django_assert_num_queries(3 + 2):
        client.get("/readyz")


@pytest.mark.django_db
def test_worker_that_never_beat_is_not_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["worker"] == {"ok": False, "detail": "no heartbeat yet", "age": None}


@pytest.mark.django_db
def test_silent_worker_is_not_ready(client: Client, settings: Any) -> None:
    health.beat("worker")
    settings.HEARTBEAT_LIMIT = -1.0
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert not answer.json()["worker"]["ok"]
    assert answer.json()["worker"]["age"] >= 0


@pytest.mark.django_db
def test_old_unprocessed_event_is_not_ready(client: Client, settings: Any) -> None:
    health.beat("worker")
    wait_since(settings.STALE_AFTER + 60)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["events"]["age"] > settings.STALE_AFTER
    assert answer.json()["database"]["ok"]


@pytest.mark.django_db
def test_missing_migration_is_not_ready(client: Client, migrations_unknown: None) -> None:
    health.beat("worker")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'gateway'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "not applied" in answer.json()["migrations"]["detail"]


def test_database_that_is_away_is_told_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("password authentication failed for hunter2")

    monkeypatch.setattr(connection, "ensure_connection", away)
    monkeypatch.setattr(health, "_migrated", False)
    report = health.report()
    assert not report["ok"]
    assert report["database"] == {"ok": False, "detail": "not known: OperationalError"}
    assert "hunter2" not in str(report)


@pytest.mark.django_db
def test_age_is_that_of_the_oldest_event_that_waits() -> None:
    assert health.data_age() == timedelta(0)
    wait_since(5000, state="done", name="evt_done")
    wait_since(4000, state="dead", name="evt_dead")
    assert health.data_age() == timedelta(0)
    wait_since(100, name="evt_new")
    wait_since(200, name="evt_old")
    assert timedelta(seconds=199) < health.data_age() < timedelta(seconds=260)


@pytest.mark.django_db
def test_event_from_a_clock_ahead_of_ours_has_no_age() -> None:
    wait_since(-3600)
    assert health.data_age() == timedelta(0)


@pytest.mark.django_db
def test_each_part_has_its_own_heartbeat() -> None:
    assert health.last_beat("worker") is None
    health.beat("worker")
    health.beat("worker")
    age = health.last_beat("worker")
    assert age is not None
    assert timedelta(0) <= age < timedelta(seconds=10)
    assert health.last_beat("other") is None

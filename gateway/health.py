"""Whether the console works: for load balancers, for the launcher, and for the age of data shown on every page.

What counts is how old the oldest unprocessed event is; that a process is alive says nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Subquery, Value
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gateway.models import Drift, Event, Heartbeat

Part = dict[str, Any]
WORKER = "worker"
_migrated = False  # what has been applied stays applied; only a restart brings other migrations


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when this process answers. No query."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The report as JSON; 503 when a part of it fails. At most four cheap queries and a transaction."""
    found = report()
    return JsonResponse(found, status=200 if found["ok"] else 503)


def report() -> dict[str, Any]:
    """Each part with `ok`, `detail` and where it has one `age` (seconds), and `ok` of the whole. Never raises."""
    parts: dict[str, Part] = {}
    away = ""  # what the database said: it is waited for once, not once a part
    for name, part in PARTS.items():
        try:
            parts[name] = part() if not away else _unknown(away)
        except Error as error:
            away = type(error).__name__
            parts[name] = _unknown(away)
    return {"ok": all(part["ok"] for part in parts.values()), **parts}


def data_age() -> timedelta:
    """How long the oldest unprocessed event has waited; zero when none waits. One query on a partial index."""
    return age_of(Event.objects.filter(state=Event.State.WAITING).aggregate(at=Min("received_at"))["at"])


def age_of(oldest: datetime | None) -> timedelta:
    """How long ago that was; zero for nothing."""
    return timedelta(0) if oldest is None else max(timedelta(0), timezone.now() - oldest)


def beat(name: str) -> None:
    """Note that the named part of the machinery works. One statement."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=timezone.now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


COUNTED = 1_000  # differences are counted no further


class _Beside(Subquery):
    """A value of another table among aggregates, which have their one row whether or not there is anything to count."""

    contains_aggregate = True


BEAT = _Beside(Heartbeat.objects.filter(name=WORKER).values("at"))  # the worker's last, beside other figures of events


def drift() -> Subquery:
    """How many objects differ at Stripe by the last comparison, up to COUNTED, beside other figures of events.

    None for none.
    """
    some = Drift.objects.filter(pk__in=Drift.objects.order_by().values("pk")[:COUNTED]).order_by()
    return _Beside(some.values(every=Value(1)).annotate(many=Count("pk")).values("many"))


def last_beat(name: str) -> timedelta | None:
    """How long ago the named part proved that it works; None if it never did. One query."""
    at = Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
    return timezone.now() - at if at else None


def _unknown(why: str) -> Part:
    return {"ok": False, "detail": f"not known: {why}"}


def _database() -> Part:
    """It answers, and a transaction can begin: on SQLite that is the one that may write, so a lock is noticed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True, "detail": "answers"}


def _migrations() -> Part:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if waiting:
            return {"ok": False, "detail": f"{waiting} not applied"}
        _migrated = True
    return {"ok": True, "detail": "all applied"}


def _events() -> Part:
    age = data_age().total_seconds()
    detail = f"oldest unprocessed event waits {age:.0f} s" if age else "none waits"
    return {"ok": age <= settings.STALE_AFTER, "detail": detail, "age": round(age, 3)}


def _worker() -> Part:
    last = last_beat(WORKER)
    if last is None:
        return {"ok": False, "detail": "no heartbeat yet", "age": None}
    age = last.total_seconds()
    return {"ok": age <= settings.HEARTBEAT_LIMIT, "detail": f"last heartbeat {age:.0f} s ago", "age": round(age, 3)}


PARTS: dict[str, Callable[[], Part]] = {
    "database": _database,
    "migrations": _migrations,
    "events": _events,
    "worker": _worker,
}

"""The inbox with many events on PostgreSQL: each of its queries timed and explained. ROWS=5000000 for the full size.

Filled by `INSERT … SELECT generate_series`, 400 days of events of 100,000 accounts, each object with fifty of them; the
last hundredth (at most 50,000) waits, and what is older than 60 days has lost its payload.
"""

import os
import sys
import time

from benchmarks.databases import Console, console, database

ROWS = int(os.environ.get("ROWS", "100000"))
FILL = """
import time
from django.db import connection
rows = {rows}
now = int(time.time())
connection.ensure_connection()
connection.connection.limit = None  # of the console's own, which hangs up long before
with connection.cursor() as cursor:
    cursor.execute("SET statement_timeout = 0")
    cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'gateway_event' "
                   "AND indexname NOT LIKE '%%pkey'")
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{{name}}"')
    cursor.execute('''
        INSERT INTO gateway_event (id, account, type, created, api_version, livemode, request_id, idempotency_key,
            object_key, payload, source, received_at, state, failures, error, done_at, dropped_at, claimed_by,
            claimed_until, attempts, next_try_at)
        SELECT 'evt_1' || md5(n::text), 'acct_1Big' || lpad((n %% 100000)::text, 8, '0'),
            (array['account.updated', 'issuing_card.updated', 'issuing_authorization.created',
                'issuing_authorization.updated'])[n %% 4 + 1],
            made, '2026-10-28.endive', false, 'req_' || md5(n::text), '',
            'issuing.card:ic_1Big' || lpad((n %% (%s / 50 + 1))::text, 8, '0'),
            CASE WHEN made < %s - 60 * 86400 THEN '{{"data": {{"redacted": true}}}}'::jsonb
                ELSE jsonb_build_object('id', 'evt_1' || md5(n::text), 'object', 'event', 'data',
                    jsonb_build_object('object', jsonb_build_object('id', n, 'object', 'issuing.card'))) END,
            CASE WHEN n %% 500 = 7 THEN 'catch_up' ELSE 'webhook' END, to_timestamp(made),
            CASE WHEN n > %s - least(%s / 100, 50000) THEN 'waiting' WHEN n %% 20000 = 9 THEN 'dead'
                WHEN n %% 9000 = 5 THEN 'quarantined' WHEN n %% 300 = 4 THEN 'ignored' ELSE 'done' END,
            0, '', to_timestamp(made), CASE WHEN made < %s - 60 * 86400 THEN now() END, '', NULL, 0, NULL
        FROM (SELECT n, %s - 400 * 86400 + (n * 400.0 * 86400 / %s)::bigint AS made
            FROM generate_series(1, %s) AS n) AS numbers
    ''', [rows, now, rows, rows, now, now, rows, rows])
    for _, definition in indexes:
        cursor.execute(definition)
with connection.cursor() as cursor:
    cursor.execute("VACUUM ANALYZE gateway_event")
    cursor.execute("SELECT pg_table_size('gateway_event') >> 20, pg_indexes_size('gateway_event') >> 20")
    print("         table %s MiB, indexes %s MiB" % cursor.fetchone())
"""
ASK = """
import statistics, time
from contextlib import contextmanager
from datetime import timedelta
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from console.models import User
from console.shell import events as event_page
from console.shell.admin import EventAdmin
from django.contrib import admin
from gateway import clock, health, inbox, intake, retention
from gateway.models import Event

class Back(Exception):
    pass

connection.ensure_connection()
connection.connection.limit = None
with connection.cursor() as cursor:
    cursor.execute("SET statement_timeout = 0")

def once(act):
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        try:
            with transaction.atomic():
                act()
                raise Back
        except Back:
            pass
        took = time.perf_counter() - began
    return took * 1000, queries.captured_queries

def measured(name, act):
    once(act)
    times, asked = [], []
    for _ in range(10):
        took, asked = once(act)
        times.append(took)
    print(f"{{name:44}} median {{statistics.median(times):8.1f}} ms, slowest {{max(times):8.1f}} ms")
    if {plans}:
        explain(asked)

def explain(asked):
    for query in asked:
        sql = query["sql"]
        if "gateway_event" not in sql or not sql.lstrip("(").upper().startswith(("SELECT", "UPDATE")):
            continue
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + sql)
            lines = [line for (line,) in cursor.fetchall()]
            transaction.set_rollback(True)
        if any("Seq Scan on gateway_event" in line for line in lines):
            print("    !! reads the whole table")
        print("\\n".join("    " + line[:150] for line in lines))

def fresh(n):
    payload = {{"id": f"evt_new{{n}}{{time.monotonic_ns()}}", "object": "event", "type": "account.updated",
        "created": int(time.time()), "account": "acct_1Big00000001", "livemode": False,
        "data": {{"object": {{"id": "acct_1Big00000001", "object": "account"}}}}}}
    return intake.event_of(payload, source="webhook")

admin_of_events = admin.site._registry[Event]
user = User.objects.get(username="demo")

def page(**asked):
    def draw():
        request = RequestFactory().get("/gateway/event/", asked)
        request.user = user
        changelist = admin_of_events.get_changelist_instance(request)
        list(changelist.result_list)
    return draw

some = Event.objects.filter(state="done").order_by("-created").first()
measured("insert of a new event", lambda: intake.keep([fresh(1)]))
measured("claim of due events", lambda: Event.objects.claim_fresh())
measured("claim of events in trouble", lambda: Event.objects.claim_alone())
measured("sweep", lambda: Event.objects.due().count())
measured("claims of the dead", lambda: Event.objects.release_dead())
measured("age of the oldest", health.data_age)
measured("quarantined, looked at again", lambda: Event.objects.exclude(state="done").filter(
    state="quarantined", livemode=False, account__in=Event.objects.none().values("account")).update(attempts=0))
measured("events of the same object", lambda: event_page._of_the_same_object(some))
measured("list, first page", page())
for name in ("waiting", "done", "dead", "quarantined", "ignored"):
    measured(f"list, {{name}}", page(state__exact=name))
measured("list, of an account", page(account="acct_1Big00000001"))
for name in ("webhook", "catch_up"):
    measured(f"list, source {{name}}", page(source=name))
measured("list, of this mode", page(livemode__exact="0"))
measured("list, of the other mode", page(livemode__exact="1"))
measured("list, by id", page(q=some.pk))
measured("list, by a request", page(q=some.request_id))
measured("list, by a part of the type", page(q="authorization"))
old = clock.now() - retention.KEPT
measured("payloads due", lambda: list(retention.due(old).values_list("pk")[:retention.AT_ONCE]))
measured(f"{{retention.AT_ONCE}} payloads dropped", lambda: next(retention.drop_old(old)))
"""


def measure() -> bool:
    """Print medians; with PLANS=1 the plans too."""
    with database() as url, console(url) as its:
        fill(its)
        print(its.python("manage.py", "shell", "--no-imports", "-c", ASK.format(plans=bool(os.environ.get("PLANS")))))
    return True


def fill(its: Console) -> None:
    """Write ROWS events."""
    began = time.perf_counter()
    print(f"The inbox with {ROWS:,} events:")
    print(its.python("manage.py", "shell", "--no-imports", "-c", FILL.format(rows=ROWS)), end="")
    print(f"         filled in {time.perf_counter() - began:.0f} s\n", flush=True)


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

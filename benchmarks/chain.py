"""The audit chain: a million rows verified with the seals of their sessions, then one person erased, on PostgreSQL."""

import re
import sys

from benchmarks.databases import Console, console, database

ROWS, PEOPLE, SESSIONS, PAGES = 1_000_000, 20, 2_000, 20
LIMIT_SECONDS = 60  # of the processor, for a verification
GONE = "otto00"  # one of PEOPLE, so that many of the rows tell of them
# Written by COPY, as a restored backup is: what is measured is reading it, and erasing.
FILL = """
import json
from datetime import UTC, datetime, timedelta
from django.db import connection
from console.models import AccessEntry, AuditEntry, AuditPersonal, User, WorkSession
from console.record import audit, personal, seals

ROWS, PEOPLE, SESSIONS, PAGES = {rows}, {people}, {sessions}, {pages}
at, name = datetime.fromtimestamp(1_790_000_000, UTC), "Kestrel Freight Lines, Inc."
people = User.objects.bulk_create(User(username=f"otto{{n:02d}}", is_active=n > 0) for n in range(PEOPLE))
sessions = WorkSession.objects.bulk_create(
    WorkSession(user=people[n % PEOPLE], account_id="acct_1Bench", account_name=name, category="routine",
        reason="A look at every page", started_at=at, last_seen_at=at, ended_at=at, end="click")
    for n in range(SESSIONS))
sealed = []
for start in range(0, SESSIONS, 500):
    part = sessions[start : start + 500]
    made = AccessEntry.objects.bulk_create(
        AccessEntry(work_session=each, user_id=each.user_id, account_id="acct_1Bench", at=at, kind="page",
            path=f"/acct_1Bench/issuing/cards/ic_{{n}}")
        for each in part for n in range(PAGES))
    for n, each in enumerate(part):
        its = made[n * PAGES : n * PAGES + PAGES]
        opened = [tuple(getattr(entry, field) for field in seals.ENTRY) for entry in its]
        sealed.append((each, seals.of_rows(opened)))
last = AuditEntry.objects.order_by("-number").first()
first, previous = (last.number + 1, last.digest) if last else (1, audit.START)
every = ROWS // SESSIONS

def rows():
    global previous
    for number in range(first, ROWS + 1):
        session, seal = sealed[number // every - 1] if number % every == 0 else (None, None)
        person = session.user if session else people[number // 2 % PEOPLE]
        values = (
            number, at + timedelta(seconds=number), seals.SEALED if session else "operation.succeeded", person.pk, "",
            "acct_1Bench", "", str(session.pk) if session else "ic_1Bench", None, "", "",
            seal or {{"verb": "issuing.cancel_card", "via": "page"}},
        )
        salt = personal.new_salt()
        part = (person.username, name, "", "The cardholder lost the card", "CS-4711", {{"note": "Called back"}})
        hidden = personal.digest(salt, part)
        before, previous = previous, audit.digest(previous, values, 2, hidden)
        chain = (number, values[1].isoformat(), values[2], person.pk, "", values[5], "", values[7], r"\\N", "", "",
            json.dumps(values[-1]), 2, hidden, before, previous)
        yield tabbed(chain), tabbed((number, salt, *part[:-1], json.dumps(part[-1])))

def tabbed(line):
    return "\\t".join(map(str, line)) + "\\n"  # nothing in it has to be escaped

def copy(model, names, lines):
    columns = ", ".join(model._meta.get_field(name).column for name in names)
    with connection.connection.cursor().copy(f"COPY {{model._meta.db_table}} ({{columns}}) FROM STDIN") as out:
        for line in lines:
            out.write(line)

parts = []
def chained():
    for line, part in rows():
        parts.append(part)
        yield line

with connection.cursor() as cursor:
    cursor.execute("SET statement_timeout = 0")
names = [each.removesuffix("_id") if each.startswith(("user", "operation")) else each for each in audit.COLUMNS]
copy(AuditEntry, (*names, *audit.CHAINED), chained())
copy(AuditPersonal, ("entry", "salt", *personal.PARTS), parts)
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
"""


def measure() -> bool:
    """Print seconds and memory; True when within the promise."""
    with database() as url, console(url) as its:
        its.fill(FILL.format(rows=ROWS, people=PEOPLE, sessions=SESSIONS, pages=PAGES))
        kept = _verified(its, "before")
        _erased(its)
        return _verified(its, "after") and kept


def _verified(its: Console, when: str) -> bool:
    said, cost = its.measured("verify_audit")
    rows = int(re.match(r"(\d+) rows, whole", said)[1])  # type: ignore[index]
    assert rows >= ROWS, said
    assert f"{SESSIONS} ended work sessions, their seals whole" in said, said
    print(f"Audit chain: {rows:,} rows and {SESSIONS:,} seals of {SESSIONS * PAGES:,} pages verified", end=" ")
    print(f"{when} an erasure in {cost}, {cost.memory} MiB\n", flush=True)
    return cost.processor < LIMIT_SECONDS


def _erased(its: Console) -> None:
    why = ("--as", "ana", "--reason", "They asked to be forgotten", "--sure")
    said, cost = its.measured("erase_person", "--user", GONE, *why)
    many = int(re.search(r"names and words of (\d+) rows\.", said)[1])  # type: ignore[index]
    print(f"Erasing one person: {many:,} rows of {ROWS:,} in {cost}, {cost.memory} MiB\n", flush=True)


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

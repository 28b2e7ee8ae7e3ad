"""What the sandbox remembers: one SQLite file, one connection, one writer at a time.

Every object belongs to a connected account or to the platform (`account=None`): asked for under another owner it is
not there. The kind of an object is Stripe's name for it ("account", "person", "issuing.card").
"""

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Data = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, account TEXT NOT NULL, id TEXT NOT NULL,
    created INTEGER NOT NULL, data TEXT NOT NULL, UNIQUE (kind, account, id));
CREATE INDEX IF NOT EXISTS object_of ON object (kind, account, seq);
CREATE INDEX IF NOT EXISTS object_id ON object (kind, id);
CREATE TABLE IF NOT EXISTS task (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, due REAL NOT NULL, name TEXT NOT NULL, payload TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS task_due ON task (due, seq);
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, event TEXT NOT NULL, owner TEXT NOT NULL,
    account TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS idempotency (
    account TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    request_id TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (account, key));
CREATE INDEX IF NOT EXISTS idempotency_created ON idempotency (created);
CREATE TABLE IF NOT EXISTS spend (
    account TEXT NOT NULL, cardholder TEXT NOT NULL, day INTEGER NOT NULL, card TEXT NOT NULL, category TEXT NOT NULL,
    amount INTEGER NOT NULL, PRIMARY KEY (account, cardholder, day, card, category)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
# An older sandbox kept what each authorization spent as an object of its own.
SUM_UP = """
BEGIN IMMEDIATE;
INSERT INTO spend SELECT account, substr(kind, 8), created - created % 86400, json_extract(data, '$.card'),
    json_extract(data, '$.category'), sum(json_extract(data, '$.amount'))
    FROM object WHERE kind GLOB '_spend.*' GROUP BY 1, 2, 3, 4, 5;
DELETE FROM object WHERE kind GLOB '_spend.*';
COMMIT;
"""


@dataclass(frozen=True)
class Window:
    """A page of a list: rows older than `after` or newer than `before` (both `seq`), `created` within bounds."""

    limit: int
    after: int | None = None
    before: int | None = None
    created: dict[str, int] = field(default_factory=dict)


COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def close_to_others(path: Path) -> None:
    """Take every right of group and others from the store and the files that SQLite keeps beside it."""
    for each in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))):
        if each.is_file() and each.stat().st_mode & 0o077:
            each.chmod(0o600)


class Store:
    """The objects of one sandbox. All methods must run inside `transaction()`, except `transaction` itself."""

    def __init__(self, path: Path | str) -> None:
        """Raises sqlite3.Error for a file that is no store or is damaged, OSError for one of another user."""
        close_to_others(Path(path))
        self.lock = threading.RLock()
        options: dict[str, Any] = {"isolation_level": None, "check_same_thread": False, "timeout": 1}
        self.sql = sqlite3.connect(str(path), cached_statements=256, **options)
        # One process has a store to itself: a second one is told so instead of mixing two clocks in one world.
        self.sql.execute("PRAGMA locking_mode=EXCLUSIVE")
        self.sql.execute("PRAGMA journal_mode=WAL")
        self.sql.execute("PRAGMA synchronous=NORMAL")
        self.sql.executescript(SCHEMA)
        result = self.sql.execute("PRAGMA quick_check(1)").fetchone()[0]
        if result != "ok":
            raise sqlite3.DatabaseError(f"it is damaged ({result.splitlines()[-1]})")
        self.sql.executescript(SUM_UP)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Alone with the store until the end; an exception, or the death of the process, undoes everything."""
        with self.lock:
            self.sql.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.sql.execute("ROLLBACK")
                raise
            self.sql.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that is undone by itself when it raises."""
        self.sql.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.sql.execute("ROLLBACK TO part")
            raise
        finally:
            self.sql.execute("RELEASE part")

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            self.sql.close()

    def copy(self) -> Path:
        """A copy of the store in a new file beside it, which the caller takes away. Nobody else may read it.

        Made here, because no other process can open the store. Raises sqlite3.Error or OSError, and leaves no file.
        """
        with self.lock:
            store = self.sql.execute("PRAGMA database_list").fetchone()[2]
            path = Path(f"{store}.{secrets.token_hex(8)}.copy")
            path.touch(0o600, exist_ok=False)
            try:
                with closing(sqlite3.connect(path)) as target:
                    self.sql.backup(target)
                    target.execute("PRAGMA journal_mode=DELETE")  # one file holds it all
            except BaseException:
                path.unlink()
                raise
        return path

    # Objects

    def put(self, kind: str, data: Data, account: str | None = None) -> None:
        """Store the object under `data["id"]`, new or again. An object keeps its place in lists."""
        row = (kind, account or "", data["id"], data.get("created") or 0, json.dumps(data))
        self.sql.execute(
            "INSERT INTO object (kind, account, id, created, data) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, account, id) DO UPDATE SET data = excluded.data",
            row,
        )

    def get(self, kind: str, object_id: str, account: str | None = None) -> Data | None:
        """The object if it belongs to `account` (None: the platform), else None. The dict is the caller's own."""
        row = self.sql.execute(
            "SELECT data FROM object WHERE kind = ? AND account = ? AND id = ?", (kind, account or "", object_id)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def find(self, kind: str, object_id: str) -> tuple[Data, str | None] | None:
        """The object and its owner, of any account: for the sandbox's own pages, never for the API."""
        row = self.sql.execute(
            "SELECT data, account FROM object WHERE kind = ? AND id = ?", (kind, object_id)
        ).fetchone()
        return (json.loads(row[0]), row[1] or None) if row else None

    def delete(self, kind: str, object_id: str, account: str | None = None) -> bool:
        """Forget the object; False when there was none."""
        done = self.sql.execute(
            "DELETE FROM object WHERE kind = ? AND account = ? AND id = ?", (kind, account or "", object_id)
        )
        return bool(done.rowcount)

    def each(self, kind: str, account: str | None = None, **where: Any) -> list[Data]:
        """All objects of that owner, oldest first, whose top-level fields equal `where`."""
        rows = self.sql.execute(
            "SELECT data FROM object WHERE kind = ? AND account = ? ORDER BY seq", (kind, account or "")
        )
        found = (json.loads(row[0]) for row in rows)
        return [data for data in found if all(data.get(name) == value for name, value in where.items())]

    def count(self, kind: str, account: str | None = None) -> int:
        """How many objects of that kind the owner has."""
        query = "SELECT count(*) FROM object WHERE kind = ? AND account = ?"
        return int(self.sql.execute(query, (kind, account or "")).fetchone()[0])

    def seq(self, kind: str, object_id: str, account: str | None) -> int | None:
        """The object's place in lists: greater is newer."""
        query = "SELECT seq FROM object WHERE kind = ? AND account = ? AND id = ?"
        row = self.sql.execute(query, (kind, account or "", object_id)).fetchone()
        return row[0] if row else None

    def page(self, kind: str, account: str | None, window: Window, match: Callable[[Data], bool]) -> list[Data]:
        """At most `limit` matching objects, newest first, read row by row so that a long list costs no memory."""
        query, values = "SELECT data FROM object WHERE kind = ? AND account = ?", [kind, account or ""]
        bounds = [("seq <", window.after), ("seq >", window.before)]
        bounds += [(f"created {COMPARISONS[name]}", value) for name, value in window.created.items()]
        for clause, value in bounds:
            if value is not None:
                query += f" AND {clause} ?"
                values.append(value)  # type: ignore[arg-type]
        upwards = window.before is not None
        rows = self.sql.execute(f"{query} ORDER BY seq {'ASC' if upwards else 'DESC'}", values)
        found: list[Data] = []
        for row in rows:
            data = json.loads(row[0])
            if match(data):
                found.append(data)
            if len(found) == window.limit:
                break
        return found[::-1] if upwards else found

    # What the sandbox knows about itself

    def meta(self, name: str, default: Any = None) -> Any:
        """A value that `set_meta` stored, else `default`."""
        row = self.sql.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def set_meta(self, name: str, value: Any) -> None:
        """Store a JSON value under that name."""
        self.sql.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, json.dumps(value)))

    def clear(self) -> None:
        """Forget everything but which platform this is."""
        for table in ("object", "spend", "task", "delivery", "idempotency"):
            self.sql.execute(f"DELETE FROM {table}")
        self.sql.execute("DELETE FROM meta WHERE name != 'platform'")

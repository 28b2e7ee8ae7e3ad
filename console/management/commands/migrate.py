"""`manage.py migrate`: Django's, one at a time, and only where the database is whole."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connection

from console.running.backup_databases import sqlite_path
from console.running.var_dir import locked

NUMBER = 0x636F6E736F6C65  # of PostgreSQL's advisory lock: "console"
WAIT_SECONDS = 0.2
WAITS = "Another migrate is under way on this database; waiting for it."


class Command(migrate.Command):
    """A second one waits for the first, then finds everything done."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """The checks too, which open the database. Raises CommandError for a SQLite file that is damaged."""
        with self.alone():
            return super().execute(*args, **options)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock: a file's in VAR_DIR, or PostgreSQL's, which ends with the connection."""
        if connection.vendor == "postgresql":
            with self.advisory_lock():
                yield
            return
        path = settings.VAR_DIR / "migrate.lock"
        with locked(path, wait=False) as mine:
            if mine:
                self.refuse_damaged()
                yield
                return
        self.stderr.write(WAITS)
        with locked(path):
            yield

    @contextmanager
    def advisory_lock(self) -> Iterator[None]:
        """Asked for again and again: a wait inside the database would end with its lock_timeout."""
        waited = False
        with connection.cursor() as cursor:
            while not self.took(cursor):
                if not waited:
                    self.stderr.write(WAITS)
                waited = True
                time.sleep(WAIT_SECONDS)
            try:
                yield
            finally:
                if connection.is_usable():
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [NUMBER])

    def took(self, cursor: Any) -> bool:
        """Whether the lock is ours now."""
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [NUMBER])
        return bool(cursor.fetchone()[0])

    def refuse_damaged(self) -> None:
        """Read every page of a SQLite file: what is damaged would show only when somebody needs it."""
        path = sqlite_path()
        beside = path.with_name(f"{path.name}-wal")
        if path.is_file() and not path.stat().st_size and beside.exists() and beside.stat().st_size:
            raise CommandError(f"The database {path} is empty, and {beside.name} is not: restore a backup.")
        with connection.cursor() as cursor:
            said = cursor.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise CommandError(f"The database {path} is damaged ({said.splitlines()[-1]}): restore a backup.")

"""Consoles with an empty database of their own, for what is measured by their commands; gone afterwards."""

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.stack import PASSWORD, ROOT

SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432").rstrip("/")
# Runs a command and says how much memory it, or a process of its, has ever held (MiB), and their processor time.
MEASURED = """
import resource, sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(max(used.ru_maxrss for used in both) // 1024, sum(used.ru_utime + used.ru_stime for used in both))
"""


@dataclass(frozen=True)
class Console:
    """A console's folder and database; its commands run one at a time."""

    folder: Path
    url: str
    environment: dict[str, str] = field(default_factory=dict)

    def python(self, *command: str) -> str:
        """What this Python prints; it must end well."""
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def fill(self, code: str) -> None:
        """Run code that writes rows."""
        self.python("manage.py", "shell", "--no-imports", "-c", code)

    def measured(self, *command: str) -> tuple[str, "Cost"]:
        """What a management command prints, and what it cost, its start included."""
        began = time.perf_counter()
        said, _, cost = self.python("-c", MEASURED, *command).strip().rpartition("\n")
        memory, processor = cost.split()
        return said, Cost(time.perf_counter() - began, float(processor), int(memory))


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and of the processor (the command's own: PostgreSQL's come on top), MiB held at most.

    Where others use the machine as well, the processor's seconds are those that can be compared.
    """

    seconds: float
    processor: float
    memory: int

    def __str__(self) -> str:
        """Return the seconds, both."""
        return f"{self.seconds:.0f} s ({self.processor:.0f} s of the processor)"


@contextmanager
def database(server: str = SERVER) -> Iterator[str]:
    """The URL of an empty database of PostgreSQL."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server.replace("postgres://", "postgresql://") + "/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def console(url: str = "") -> Iterator[Console]:
    """A console with its tables and its demo users; without a URL on SQLite, in its folder."""
    with tempfile.TemporaryDirectory() as name:
        url = url or f"sqlite:///{name}/console.sqlite3"
        made = Console(Path(name), url, {**os.environ, "VAR_DIR": name, "DATABASE_URL": url})
        made.environment.update(
            CONSOLE_MODE="sandbox",
            ENV_FILE="/dev/null",
            DJANGO_SETTINGS_MODULE="console.settings",
            DEMO_PASSWORD=PASSWORD,
        )
        made.python("manage.py", "migrate", "--verbosity", "0")
        made.python("manage.py", "demo_users")
        yield made

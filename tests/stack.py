"""The three real processes under their launcher, for journeys, chaos runs and measurements."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
# Answers expressions, one a line, as JSON: [value, ""] or [null, what went wrong]. `manage` is manage.py but its start.
READER = """
import contextlib, io, json, sys, django
django.setup()
from django.core.management import execute_from_command_line
from django.db import connection
from django.apps import apps
globals().update({model.__name__: model for model in apps.get_models()})
def manage(*arguments):
    said, status = io.StringIO(), 0
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            execute_from_command_line(["manage.py", *arguments])
    except SystemExit as end:
        status = end.code or 0
    return [status, said.getvalue()]
for line in sys.stdin:
    try:
        answer = [eval(json.loads(line)), ""]
    except Exception as error:
        answer = [None, repr(error)]
    connection.close()
    print(json.dumps(answer, default=str), flush=True)
"""


def free_ports(many: int) -> list[int]:
    """Ports nobody listens on, each another: all are held while they are looked for."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(many)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def parents() -> dict[int, int]:
    """pid → parent's pid of every process."""
    table = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            table[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return table


def children(pid: int) -> list[int]:
    """The pids of a process's children, oldest first."""
    return sorted(child for child, parent in parents().items() if parent == pid)


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll until the condition is truthy and return it; fail with `what` otherwise."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


@contextmanager
def empty_postgres() -> Iterator[str]:
    """The URL of an empty database on the server of TEST_DATABASE_URL, dropped afterwards."""
    server, name = os.environ["TEST_DATABASE_URL"].rpartition("/")[0], f"stack_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres".replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Stack:
    """`make run` without make: a launcher of its own ports, VAR_DIR and database. Use as a context manager."""

    def __init__(self, var_dir: Path, *, database_url: str = "", seed: bool = False, **environment: str) -> None:
        self.var_dir, self.seed = var_dir, seed
        self.port, self.sandbox_port = free_ports(2)
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("TEST_", "STRIPE_"))},
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "VAR_DIR": str(var_dir),
            "DATABASE_URL": database_url or f"sqlite:///{var_dir}/console.sqlite3",
            "DEMO_PASSWORD": PASSWORD,
            "CONSOLE_MODE": "sandbox",
            "CACHE_URL": "locmemcache://",
            "ENV_FILE": "/dev/null",
            "PYTHONUNBUFFERED": "1",
            "SWEEP_INTERVAL": "1",
            "WORKER_TICK": "0.2",
            "HEARTBEAT_INTERVAL": "1",
            "HEARTBEAT_LIMIT": "10",
            "CLAIM_SECONDS": "10",
            "DATABASE_IDLE_TIMEOUT": "5",
            **environment,
        }
        if folder := os.environ.get("SANDBOX_TRAFFIC_DIR"):
            self.environment["SANDBOX_TRAFFIC_FILE"] = f"{folder}/stack-{os.getpid()}-{self.sandbox_port}.jsonl"
        self.launcher: subprocess.Popen[str] | None = None
        self.reader: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """The console's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """The sandbox's address."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def __enter__(self) -> "Stack":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> str:
        """Start the launcher and return its ready line."""
        command = [sys.executable, "-m", "console.running.launcher", *([] if self.seed else ["--no-seed"])]
        self.launcher = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.launcher.stdout
        said = []
        for line in self.launcher.stdout:
            said.append(line)
            if line.startswith("Console ready"):
                return line
        raise AssertionError("the launcher ended:\n" + "".join(said) + self.logs())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the launcher and all its parts; returns its exit status."""
        if self.reader:
            self.reader.communicate()
            self.reader = None
        if self.launcher is None:
            return 0
        self.launcher.send_signal(number)
        status = self.launcher.wait(20)
        assert self.launcher.stdout
        self.launcher.stdout.close()
        self.launcher = None
        return status

    def logs(self) -> str:
        """The ends of the parts' logs, for a failure's message."""
        files = sorted((self.var_dir / "log").glob("*.log")) if (self.var_dir / "log").exists() else []
        return "".join(f"\n--- {file.name}\n{file.read_text(errors='replace')[-3000:]}" for file in files)

    def part(self, name: str) -> int:
        """The pid of a part: sandbox, web or worker (the supervisor)."""
        words = {"sandbox": b"-m\0sandbox", "web": b"gunicorn", "worker": b"manage.py\0worker"}
        assert self.launcher
        for pid in children(self.launcher.pid):
            if words[name] in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        raise AssertionError(f"no {name} runs")

    def cluster(self) -> dict[str, Any]:
        """django-q2's processes: its parent, sentinel, and the sentinel's children (pusher, monitor, workers)."""
        supervisor = self.part("worker")
        parent = wait_until(lambda: children(supervisor), 10, "a cluster")[0]
        sentinel = wait_until(lambda: children(parent), 10, "a sentinel")[0]
        return {"parent": parent, "sentinel": sentinel, "rest": children(sentinel)}

    def control(self, path: str, body: Any = None) -> Any:
        """GET, or POST a JSON body, to the sandbox's /_sandbox/ control."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.sandbox_url}/_sandbox/{path}", data)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def stripe(self, method: str, path: str, body: str = "", account: str = "") -> Any:
        """One call to the sandbox as any client makes it; returns the decoded answer."""
        sent, headers = body.encode() if body else None, self.headers(account)
        request = urllib.request.Request(self.sandbox_url + path, sent, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    @staticmethod
    def headers(account: str = "") -> dict[str, str]:
        """Those of a client's calls for an account, "" for the platform."""
        of_account = {"Stripe-Account": account} if account else {}
        return {
            "Authorization": "Bearer sk_test_stack",
            "Content-Type": "application/x-www-form-urlencoded",
            **of_account,
        }

    def manage(self, *arguments: str, status: int = 0) -> str:
        """Run a management command against this stack, which ends with this status, and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def command(self, *arguments: str, status: int = 0) -> str:
        """The same in the process that also answers what is asked: no start of its own."""
        ended, said = self.ask(f"manage(*{arguments!r})")
        assert ended == status, said
        return said

    def ask(self, expression: str) -> Any:
        """Evaluate an expression in a console's own Python, one process for all of them, and return it (JSON)."""
        if self.reader is None:
            self.reader = subprocess.Popen(
                [sys.executable, "-c", READER],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self.reader.stdin
        assert self.reader.stdout
        print(json.dumps(expression), file=self.reader.stdin, flush=True)
        value, wrong = json.loads(self.reader.stdout.readline())
        assert not wrong, f"{expression}: {wrong}"
        return value

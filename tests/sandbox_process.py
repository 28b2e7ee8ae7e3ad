"""A sandbox in a process of its own, as the tests use it. Standard library only."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent


def recording() -> dict[str, str]:
    """Where SANDBOX_TRAFFIC_DIR names a folder, every sandbox of a test run adds its traffic for the referee."""
    folder = os.environ.get("SANDBOX_TRAFFIC_DIR")
    return {"SANDBOX_TRAFFIC_FILE": f"{folder}/tests-{os.getpid()}.jsonl"} if folder else {}


class SandboxProcess:
    """`python -m sandbox` on a free port (or `port`) with its store in `store` (or a folder of its own).

    A context manager; `start()` after `kill()` goes on with the same store and the same port.
    """

    def __init__(self, store: Path | None = None, port: int = 0, env: dict[str, str] | None = None) -> None:
        self.folder = None if store else tempfile.TemporaryDirectory(prefix="sandbox-")
        self.store = store or Path(self.folder.name if self.folder else "") / "sandbox.sqlite3"
        self.port, self.url, self.env = port, "", {**recording(), **(env or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, wait: float = 30.0) -> "SandboxProcess":
        """Start it and wait for its ready line."""
        command = [sys.executable, "-m", "sandbox", "--port", str(self.port), "--store", str(self.store)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1", **self.env}
        )
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], wait)[0]:
            self.kill()
            raise RuntimeError("The sandbox did not say that it is ready.")
        line = self.process.stdout.readline().decode()
        if not line.startswith("Sandbox ready: "):
            raise RuntimeError(f"The sandbox did not start: {line!r}")
        self.url = line.split()[-1].rstrip("/")
        self.port = int(self.url.rsplit(":", 1)[1])
        return self

    def __enter__(self) -> "SandboxProcess":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self.folder:
            self.folder.cleanup()

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, as the launcher does."""
        self._end(signal.SIGTERM)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, Message]:
        """One plain HTTP request: (status, body, headers), whatever the status."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), error.headers

    def api(
        self,
        method: str,
        path: str,
        params: list[tuple[str, str]] | dict[str, str] | None = None,
        *,
        account: str | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, Any], Message]:
        """One API call with bracketed `params`: (status, answer, headers), whatever the status."""
        sent = {"Authorization": "Bearer sk_test_tests", **(headers or {})}
        if account:
            sent["Stripe-Account"] = account
        if key:
            sent["Idempotency-Key"] = key
        body, form = None, urlencode(params or {})
        if method == "POST":
            body = form.encode()
        elif form:
            path = f"{path}?{form}"
        status, answer, got = self.request(method, path, body, sent)
        return status, json.loads(answer), got

    def control(self, path: str, body: Any = None) -> Any:
        """GET `/_sandbox/<path>`, or POST it when there is a body: the JSON of the answer. Raises on an error."""
        data = None if body is None else json.dumps(body).encode()
        name = "/_sandbox/" + path.removeprefix("/_sandbox").strip("/")
        status, answer, _ = self.request(
            "GET" if body is None else "POST", name, data, {"Content-Type": "application/json"}
        )
        if status != 200:
            raise RuntimeError(f"{name}: {status} {answer.decode()}")
        return json.loads(answer)

    def reset(self) -> None:
        """Forget everything but the platform's id; the clock is the wall's again."""
        self.control("reset", {})

    def traffic(self) -> list[dict[str, Any]]:
        """The last exchanges and deliveries, oldest first, as the referee reads them."""
        _, lines, _ = self.request("GET", "/_sandbox/traffic")
        return [json.loads(line) for line in lines.splitlines()]

    def settled(self, wait: float = 10.0) -> dict[str, Any]:
        """Wait until every delivery that is due was tried; returns the state of the deliveries."""
        state: dict[str, Any] = self.control(f"deliveries?wait={wait}")
        return state

    def until(self, condition: Any, wait: float = 10.0) -> Any:
        """Ask `condition()` until it is true, at most `wait` seconds; returns its value."""
        end = time.monotonic() + wait
        while not (value := condition()):
            assert time.monotonic() < end, "It did not come true in time."
            select.select([], [], [], 0.02)
        return value

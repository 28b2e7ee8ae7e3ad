"""A webhook endpoint for tests: keeps what arrives and answers as it is told."""

import json
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Arrival:
    """One delivery as it came in; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The event it carried."""
        event: dict[str, Any] = json.loads(self.body)
        return event


class WebhookReceiver:
    """Listens on loopback while its context lasts, on `port` or a free one; answers with `answers`, then with 200."""

    def __init__(self, answers: list[int] | None = None, port: int = 0) -> None:
        self.arrivals: list[Arrival] = []
        self.answers = deque(answers or [])
        self.came = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.answers.popleft() if receiver.answers else 200
                with receiver.came:
                    receiver.arrivals.append(Arrival(self.path, headers, body))
                    receiver.came.notify_all()
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "WebhookReceiver":
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    def wait(self, number: int, seconds: float = 10.0) -> list[Arrival]:
        """The arrivals, once there are `number` of them; fails when they do not come in time."""
        with self.came:
            arrived = self.came.wait_for(lambda: len(self.arrivals) >= number, seconds)
            assert arrived, f"{len(self.arrivals)} of {number} deliveries came"
            return list(self.arrivals)

    def events(self) -> list[dict[str, Any]]:
        """What has arrived so far."""
        with self.came:
            return [arrival.event for arrival in self.arrivals]

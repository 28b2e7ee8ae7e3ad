"""A server that answers as a test wrote it: for what neither Stripe nor the sandbox would ever send."""

import threading
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

Answer = tuple[int, dict[str, str], bytes]
ACCOUNT = b'{"id": "acct_1", "object": "account"}'


def good(body: bytes = ACCOUNT, *, status: int = 200, **headers: str) -> Answer:
    """An answer with Stripe's usual headers; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Request-Id": "req_1", "Date": formatdate(usegmt=True), **named}, body


class Scripted:
    """Answers every request with `answer(method, path)`, and keeps the requests' lines, headers and bodies."""

    def __init__(self, answer: Answer | Callable[[str, str], Answer]) -> None:
        self.answer = answer
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.peers: set[tuple[str, int]] = set()
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the body waits 40 ms for the headers' receipt

            def reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                script.peers.add(self.client_address)
                script.requests.append((self.command, self.path, dict(self.headers), body))
                answer = script.answer
                status, headers, sent = answer if isinstance(answer, tuple) else answer(self.command, self.path)
                self.send_response_only(status)
                for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_DELETE = reply  # noqa: N815  (the server's names)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "Scripted":
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

"""The last exchanges and deliveries, as JSON lines for the referee."""

import json
import os
import threading
from collections import deque
from typing import Any

from sandbox.world.text import on_one_line

KEPT_LINES, KEPT_BYTES = 5_000, 32 * 1024 * 1024


class Traffic:
    """A ring of lines bounded in number and in bytes; `file` (a setting) gets every line too."""

    def __init__(self) -> None:
        self.ring: deque[str] = deque()
        self.size = 0
        self.lock = threading.Lock()

    def add(self, record: dict[str, Any], body: tuple[str, str], file: str | None) -> None:
        """Note a record whose member `body[0]` is the JSON text `body[1]`."""
        line = f'{json.dumps(record)[:-1]}, "{body[0]}": {on_one_line(body[1]) or "null"}}}'
        with self.lock:
            self.ring.append(line)
            self.size += len(line)
            while len(self.ring) > KEPT_LINES or self.size > KEPT_BYTES:
                self.size -= len(self.ring.popleft())
            if file:
                append(file, line)

    def lines(self) -> list[str]:
        """All lines kept, oldest first."""
        with self.lock:
            return list(self.ring)

    def clear(self) -> None:
        """Forget them all."""
        with self.lock:
            self.ring.clear()
            self.size = 0


def append(file: str, line: str) -> None:
    """Add the line in one write, so that several sandboxes may share the file."""
    number = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(number, f"{line}\n".encode())
    finally:
        os.close(number)

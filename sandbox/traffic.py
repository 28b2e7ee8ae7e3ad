"""The last exchanges and deliveries, as JSON lines for the referee."""

import json
import threading
from collections import deque
from pathlib import Path
from typing import Any

KEPT_LINES, KEPT_BYTES = 5_000, 32 * 1024 * 1024


class Traffic:
    """A ring of lines bounded in number and in bytes; `file` (a setting) gets every line too."""

    def __init__(self) -> None:
        self.ring: deque[str] = deque()
        self.size = 0
        self.lock = threading.Lock()

    def add(self, record: dict[str, Any], body: tuple[str, str], file: str | None) -> None:
        """Note a record whose member `body[0]` is the JSON text `body[1]`."""
        line = f'{json.dumps(record)[:-1]}, "{body[0]}": {body[1] or "null"}}}'
        with self.lock:
            self.ring.append(line)
            self.size += len(line)
            while len(self.ring) > KEPT_LINES or self.size > KEPT_BYTES:
                self.size -= len(self.ring.popleft())
            if file:
                with Path(file).open("a", encoding="utf-8") as out:
                    out.write(line + "\n")

    def lines(self) -> list[str]:
        """All lines kept, oldest first."""
        with self.lock:
            return list(self.ring)

    def clear(self) -> None:
        """Forget them all."""
        with self.lock:
            self.ring.clear()
            self.size = 0

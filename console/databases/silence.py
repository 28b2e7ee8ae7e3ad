"""What a process knows of a database that stopped answering, so that not every thread finds out by waiting."""

import threading
import time

PAUSE = 1.0  # seconds between the end of one try and the next


class Silence:
    """Set by the first that waited in vain. From then on one connection at a time is tried, and nobody else waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent = False
        self._noted_at = self._next_try = float("-inf")

    def note(self) -> None:
        """The database did not answer in time just now."""
        with self._lock:
            self._silent = True
            self._noted_at = time.monotonic()
            self._next_try = self._noted_at + PAUSE

    def end(self) -> None:
        """It answered."""
        with self._lock:
            self._silent = False

    def may_try(self, seconds: float) -> bool:
        """Whether the caller may open a connection; of a silent database it has the only one, for at most `seconds`."""
        with self._lock:
            if not self._silent:
                return True
            now = time.monotonic()
            if now < self._next_try:
                return False
            self._next_try = now + seconds + PAUSE
            return True

    def outlived_by(self, made_at: float) -> bool:
        """Whether a connection made at `made_at` (monotonic) is younger than the last silence; others are suspect."""
        return made_at > self._noted_at

"""Threads that work for one loop: it hands out work and takes the results, one after the other, as they come."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from django.db import connections

Arrived = SimpleQueue[tuple[Any, Any]]  # what was handed out, and its result or the exception that it raised


class Threads:
    """So many threads, which put results into `arrived`; without any the caller does the work itself, at once.

    Each has database connections of its own, closed when it ends.
    """

    def __init__(self, many: int, name: str, arrived: Arrived) -> None:
        self.arrived = arrived
        self.handed_out: SimpleQueue[tuple[Any, Callable[[], Any]] | None] = SimpleQueue()
        self.threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(many)]
        for thread in self.threads:
            thread.start()

    def hand_out(self, job: Any, work: Callable[[], Any]) -> None:
        """Have `work()` done; its result arrives with the job."""
        if self.threads:
            self.handed_out.put((job, work))
        else:
            self._do(job, work)

    def stop(self) -> None:
        """Let what was begun end, drop the rest, and wait for the threads."""
        while True:
            try:
                self.handed_out.get_nowait()
            except Empty:
                break
        for _ in self.threads:
            self.handed_out.put(None)
        for thread in self.threads:
            thread.join()

    def _work(self) -> None:
        try:
            while (found := self.handed_out.get()) is not None:
                self._do(*found)
        finally:
            connections.close_all()

    def _do(self, job: Any, work: Callable[[], Any]) -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001  (it is raised where the result is taken)
            result = error
        self.arrived.put((job, result))

"""How fast one run asks Stripe: as fast as the rate budget allows, and slower while Stripe says 429.

The budget knows our own calls alone. Where others use the same account's rate, Stripe asks us to slow down; then all
threads of the run stop for as long as it says, and go on more slowly; the pace recovers as answers come.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings

from gateway.errors import LONGEST_WAIT, Unreachable

TRIES = 5
SLOWER = 1.5  # the gap between two calls grows by this at each refusal
RECOVERS = 0.98  # and shrinks by this with each answer
SETTLES = 1.0  # seconds after a refusal in which others were under way already: they slow nothing down again
T = TypeVar("T")


class Pace:
    """Shared by the threads of one run. `gap` is seconds between two calls, 0 where the budget alone decides."""

    def __init__(self) -> None:
        self.gap = 0.0
        self.refused = 0  # times that Stripe said 429
        self._next = self._slowed_at = 0.0
        self._lock = threading.Lock()

    def ask(self, call: Callable[[], T]) -> T:
        """What the call returns, made up to TRIES times while Stripe cannot be reached, with back-off between.

        While our own limits do not let it, it waits. Raises Unreachable after the last try.
        """
        tries = 0
        while True:
            self._wait()
            try:
                answer = call()
            except Unreachable as error:
                tries += not _ours(error)
                if tries == TRIES:
                    raise
                if error.status == 429:
                    self._slow_down(min(error.retry_after or 0.0, LONGEST_WAIT))
                time.sleep(error.wait(max(tries, 1)))
            else:
                self._recover()
                return answer

    def _wait(self) -> None:
        """Until this call's turn."""
        with self._lock:
            at = max(self._next, time.monotonic())
            self._next = at + self.gap
        time.sleep(max(at - time.monotonic(), 0))

    def _slow_down(self, named: float) -> None:
        """Let nobody call for as many seconds as Stripe named, and then fewer than before."""
        with self._lock:
            now = time.monotonic()
            self.refused += 1
            self._next = max(self._next, now + named)
            if now - self._slowed_at > SETTLES:
                self._slowed_at = now
                self.gap = max(self.gap * SLOWER, SLOWER / (settings.STRIPE_RATE or 100.0))

    def _recover(self) -> None:
        with self._lock:
            self.gap = self.gap * RECOVERS if self.gap * (settings.STRIPE_RATE or 100.0) > 1 else 0.0


def _ours(error: Unreachable) -> bool:
    """Whether it is our own limits that let the call wait: those of a person, or what is urgent, go before."""
    return not error.sent and error.retry_after is not None

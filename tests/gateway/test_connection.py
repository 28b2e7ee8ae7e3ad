"""Places among the threads that may wait for Stripe."""

import time
from typing import Any

import pytest

from gateway import connection
from gateway.errors import Unreachable


def test_a_thread_of_the_web_server_does_not_wait_for_a_place(settings: Any) -> None:
    settings.THREADS = 2
    assert not connection.crowded()
    with connection.room(), connection.serving():
        assert connection.crowded()
        began = time.monotonic()
        with pytest.raises(Unreachable) as caught, connection.room():
            pass
        assert (caught.value.sent, time.monotonic() - began < 0.5) == (False, True)
    with connection.serving():
        assert not connection.crowded()


def test_the_worker_waits_a_moment_for_a_place(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.THREADS = 2
    monkeypatch.setattr(connection, "ROOM_SECONDS", 0.1)
    with connection.room():
        assert not connection.crowded()
        began = time.monotonic()
        with pytest.raises(Unreachable), connection.room():
            pass
        assert time.monotonic() - began >= 0.1

"""Threads and processes that work for one loop."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue

import pytest

from gateway.processes import Ended, Helper
from gateway.threads import Arrived, Threads
from tests.stack import ROOT, wait_until


def test_results_and_errors_arrive_with_what_was_handed_out() -> None:
    arrived: Arrived = SimpleQueue()
    threads = Threads(2, "test", arrived)
    for divisor in (1, 0):
        threads.hand_out(divisor, lambda divisor=divisor: 4 // divisor)
    found = dict(arrived.get(timeout=10) for _ in range(2))
    threads.stop()
    assert found[1] == 4
    assert isinstance(found[0], ZeroDivisionError)
    assert not any(thread.is_alive() for thread in threads.threads)


def test_without_threads_the_caller_does_it_at_once() -> None:
    arrived: Arrived = SimpleQueue()
    threads = Threads(0, "test", arrived)
    threads.hand_out("job", os.getpid)
    assert arrived.get_nowait() == ("job", os.getpid())
    threads.stop()


def test_what_was_not_begun_when_they_are_stopped_is_dropped() -> None:
    arrived: Arrived = SimpleQueue()
    threads, gate, begun = Threads(1, "test", arrived), SimpleQueue[None](), SimpleQueue[None]()

    def wait() -> None:
        begun.put(None)
        gate.get()

    threads.hand_out("first", wait)
    begun.get(timeout=10)
    threads.hand_out("second", wait)
    gate.put(None)
    arrived.get(timeout=10)
    gate.put(None)
    threads.stop()
    assert not any(thread.is_alive() for thread in threads.threads)


def test_a_process_does_one_functions_work_and_ends_with_its_pipe() -> None:
    helper = Helper("gateway.digits.whole_number")
    assert [helper("4711"), helper("12")] == [4711, 12]
    with pytest.raises(ValueError, match="1e2"):
        helper("1e2")
    helper.stop()
    assert helper.process.exitcode == 0


def test_a_process_that_was_killed_is_told() -> None:
    helper = Helper("gateway.digits.whole_number")
    assert helper("1") == 1
    assert helper.process.pid
    os.kill(helper.process.pid, signal.SIGKILL)
    with pytest.raises(Ended, match="has ended"):
        helper("2")
    helper.stop()


STARTS_ONE = """
import time
from gateway.processes import Helper
helper = Helper("gateway.digits.whole_number")
print(helper("1") and helper.process.pid, flush=True)
time.sleep(60)
"""


def test_a_process_ends_when_whoever_started_it_is_killed() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTS_ONE], cwd=ROOT, stdout=subprocess.PIPE)
    assert starter.stdout
    with starter.stdout:
        its = int(starter.stdout.readline())
    starter.kill()
    starter.wait()
    wait_until(lambda: state(its) in ("", "Z"), 10, "the process has ended")


def state(pid: int) -> str:
    """A letter of /proc; "" where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return ""

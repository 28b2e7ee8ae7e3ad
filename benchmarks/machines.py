"""One worker machine more: a backlog of events drained by one worker, and by two, each with half a core.

`EVENTS=8000 python -m benchmarks machines`. A machine is imitated by a control group of Linux (cgroup v1, as root):
half of a core is all that its processes get. PostgreSQL and Stripe's stub have what is left of this machine. Where no
such group can be made, it says so and measures nothing.
"""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import mix
from benchmarks.databases import Console, console, database
from benchmarks.drain import KEEP, backends, family, left, stripe, templates, used
from tests.stack import ROOT, wait_until

EVENTS = int(os.environ.get("EVENTS", "8000"))
GROUPS = Path("/sys/fs/cgroup/cpu")
PERIOD = 100_000  # microseconds, of which a machine has half
PROMISED = 1.6  # times as many events a second with the second machine
HOUSEHOLD = 7  # processes of a worker once it is whole
START = 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"'


@contextmanager
def machine(its: Console) -> Iterator[int]:
    """The pid of a worker that has half a core. Raises OSError where that cannot be had."""
    group = GROUPS / f"bench_{uuid.uuid4().hex[:8]}"
    group.mkdir()
    try:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD))
        (group / "cpu.cfs_quota_us").write_text(str(PERIOD // 2))
        command = ["sh", "-c", START, "sh", str(group), sys.executable, "manage.py", "worker"]
        started = subprocess.Popen(command, cwd=ROOT, env=its.environment)
        try:
            yield started.pid
        finally:
            started.terminate()
            started.wait(60)
    finally:
        group.rmdir()


def rate(machines: int) -> float:
    """Events a second of so many workers."""
    its = mix.Mix(templates(), EVENTS // mix.EVENTS_EACH)
    with database() as url, console(url) as here, stripe(its, here.folder) as address, ExitStack() as running:
        here.environment.update(STRIPE_API_BASE=address, STRIPE_RATE="0", LOG_LEVEL="ERROR", WORKERS="1")
        described = its.described()
        here.fill(mix.FILL.format(described=described))
        pids = [running.enter_context(machine(here)) for _ in range(machines)]
        wait_until(lambda: all(len(family(pid)) >= HOUSEHOLD - 1 for pid in pids), 120, "the workers")
        time.sleep(5)  # what they begin with is done
        here.fill(KEEP.format(described=described))
        began, events, served = time.perf_counter(), left(url), used(backends(url)).seconds
        here.fill("from gateway import queue\nfor _ in range(2): queue.enqueue(queue.DRAIN)\n")
        wait_until(lambda: not left(url), 3600, "the whole backlog")
        took = time.perf_counter() - began
        of_the_database = used(backends(url)).seconds - served
    print(
        f"{machines} worker machine(s) of half a core: {events:,} events in {took:.1f} s, {events / took:.0f}/s", end=""
    )
    print(f"; PostgreSQL used {of_the_database / took:.2f} cores", flush=True)
    return events / took


def measure() -> bool:
    """Print both rates and what the second machine adds; True where that is what is promised."""
    try:
        one, two = rate(1), rate(2)
    except OSError as error:
        print(f"Worker machines: not measured, for no control group can be made here ({error}).\n")
        return True
    print(f"One worker machine more: {100 * (two / one - 1):+.0f} % events/s\n", flush=True)
    return two >= PROMISED * one


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

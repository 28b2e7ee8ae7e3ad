"""The worker's supervisor: it starts django-q2's cluster, sweeps, and replaces a cluster that is dead or wedged.

A cluster whose idle worker was killed can hang while it still reports itself as working and ignores SIGTERM. So the
supervisor trusts one thing only: a heartbeat task that went through the queue and was run.

The rounds, which ask the database and Stripe, run in a thread of their own: while they wait, the main thread still
takes a signal at once, and it replaces this process when a round does not end.
"""

import logging
import os
import subprocess
import sys
import threading
import time

from django.conf import settings
from django.db import Error, close_old_connections, connection

from console.running.processes import dying_with_me, kill_group
from console.running.schedules import SCHEDULES
from console.shell import figures
from gateway import health, sweep
from gateway.queue import enqueue, run_schedules, write_schedules

logger = logging.getLogger(__name__)
STOP_SECONDS = 8


class Cluster:
    """One run of `manage.py cluster` in a process group of its own, which ends with the supervisor however it ends."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def start(self) -> None:
        """Start it; the caller made sure that none of its own runs."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "cluster"]
        # Little runs between fork and exec, and takes no lock: the rounds' thread is not there in the child.
        self.process = subprocess.Popen(command, start_new_session=True, preexec_fn=dying_with_me())
        self.started_at = time.monotonic()

    def dead(self) -> bool:
        """Whether its first process has ended."""
        return self.process is None or self.process.poll() is not None

    def stop(self) -> None:
        """SIGTERM to its first process, which lets running tasks end; what is left after a few seconds is killed."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            logger.warning("cluster did not stop within %s s, killing it", STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End every process of it at once."""
        if self.process is not None:
            kill_group(self.process.pid)
            self.process.wait()
            self.process = None


class Supervisor:
    """Watches one cluster and does the rounds. `run()` returns after `stop()` was called."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.stopping = threading.Event()
        self.wedged: float | None = None  # when the cluster was started that a round found wedged
        self.rounds = threading.Thread(target=self.go_round, name="rounds", daemon=True)
        self.round_began = time.monotonic()
        self.due: dict[str, float] = {}
        self.scheduled = False

    def stop(self) -> None:
        """Ask `run()` to end; safe in a signal handler."""
        self.stopping.set()

    def run(self) -> None:
        """Watch until stopped, then stop the cluster. A round under way ends with the process."""
        self.cluster.start()
        self.rounds.start()
        try:
            while not self.stopping.wait(settings.WORKER_TICK):
                self.watch()
        finally:
            self.cluster.stop()

    def watch(self) -> None:
        """Replace the cluster when it is dead or wedged; begin anew when a round takes longer than ROUND_LIMIT.

        Raises RuntimeError when the rounds have ended by an error of ours, so that the process does too.
        """
        if not self.rounds.is_alive():
            raise RuntimeError("the rounds have ended")
        if time.monotonic() - self.round_began > settings.ROUND_LIMIT:
            logger.error("a round has not ended within %s s, beginning anew", settings.ROUND_LIMIT)
            self.cluster.kill()
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  (our own command line)
        if self.cluster.dead() or self.wedged == self.cluster.started_at:
            logger.warning("cluster %s, starting another", "ended" if self.cluster.dead() else "is wedged")
            self.cluster.kill()
            self.cluster.start()

    def go_round(self) -> None:
        """One tick after the other, until the process ends."""
        while not self.stopping.wait(settings.WORKER_TICK):
            self.round_began = time.monotonic()
            self.tick()

    def tick(self) -> None:
        """One round. A database that is away is waited for; everything goes on by itself when it is back."""
        try:
            close_old_connections()
            self.judge()
            if self.turn("beat", settings.HEARTBEAT_INTERVAL):
                enqueue("gateway.health.beat", health.WORKER)
            full = self.turn("sweep", settings.SWEEP_INTERVAL)
            sweep.everything(full=full)
            if full:
                self.schedule()
            figures.keep()
        except Error as error:
            logger.warning("database: %s", error)
            connection.close()

    def judge(self) -> None:
        """Find the cluster wedged when it has not proved for HEARTBEAT_LIMIT that it works. One query."""
        started_at, last = self.cluster.started_at, health.last_beat(health.WORKER)
        silent = time.monotonic() - started_at
        if min(silent, last.total_seconds() if last else silent) > settings.HEARTBEAT_LIMIT:
            self.wedged = started_at

    def schedule(self) -> None:
        """Have done what is due by time; the schedules are written once a start, as they are in this release."""
        if not self.scheduled:
            write_schedules(SCHEDULES)
            self.scheduled = True
        run_schedules(SCHEDULES)

    def turn(self, name: str, interval: float) -> bool:
        """Whether `name` had its last turn `interval` seconds ago or more; then this is the next."""
        mine = time.monotonic() >= self.due.get(name, 0)
        if mine:
            self.due[name] = time.monotonic() + interval
        return mine

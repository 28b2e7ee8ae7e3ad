"""How gunicorn serves the console. Each value can be set in the environment."""

import os
import runpy
from typing import Any

from console.running.processes import die_with
from console.running.starting import in_one_line
from console.running.variables import Variables
from gateway.processes import leave_what_is_loaded

umask = 0o077
os.umask(umask)
env = Variables()


with in_one_line():
    runpy.run_module("console.settings")  # not imported: what is wrong is said once, and a reload reads them anew
    workers = env.whole("WEB_WORKERS", default=2, least=1)
    # Pages that wait for their turn leave one free for deliveries.
    threads = 2 * env.whole("THREADS", default=8, least=1)


wsgi_app = "console.wsgi"
worker_class = "gthread"
timeout = 30  # seconds; above the 10 a person waits for Stripe
graceful_timeout = 8
keepalive = 15
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108  (heartbeats in memory, not on disk)
limit_request_line = 8190
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """In each worker, once the console is loaded."""
    leave_what_is_loaded()


def post_fork(server: Any, worker: Any) -> None:
    """In each worker: it ends with its master, however that ends."""
    die_with(server.pid)

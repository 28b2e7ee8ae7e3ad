"""How gunicorn serves the console. Each value can be set in the environment."""

import os

wsgi_app = "console.wsgi"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = 2 * int(os.environ.get("THREADS", "8"))  # pages that wait for their turn leave one free for deliveries
timeout = 30  # seconds; above the 10 a person waits for Stripe
graceful_timeout = 8
keepalive = 15
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108  (heartbeats in memory, not on disk)
limit_request_line = 8190
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
control_socket_disable = True

"""The settings of a test run: its own VAR_DIR and database, a sandbox, short intervals.

The environment is set here and not in conftest.py, which pytest loads after the settings. Processes that tests start
inherit it, and what a test sets for them counts.
"""

import os
import tempfile

_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
if os.environ.get("CONSOLE_TESTS") != _worker:
    _var = tempfile.mkdtemp(prefix="console-tests-")
    os.environ.update(
        CONSOLE_TESTS=_worker,
        VAR_DIR=_var,
        CONSOLE_MODE="sandbox",
        STRIPE_SECRET_KEY="sk_test_tests",
        ENV_FILE="/dev/null",
        DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_var}/console.sqlite3",
        CACHE_URL="locmemcache://",
        LOG_LEVEL="ERROR",
        STRIPE_RATE="0",
        BULK_THREADS="1",
        SWEEP_INTERVAL="0.2",
        WAKE_INTERVAL="0.05",
        WORKER_TICK="0.2",
        HEARTBEAT_INTERVAL="0.5",
        LIST_TIMEOUT="10",
        DATABASE_IDLE_TIMEOUT="300",  # a test's own transaction is open as long as the test runs
    )
    os.makedirs(f"{_var}/static", exist_ok=True)  # whitenoise warns where it is missing

from console.settings import *  # noqa: E402, F403

# In most tests it does not matter how slow a hash is; those in which it does ask for `shipped_hashes`.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

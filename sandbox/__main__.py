"""`python -m sandbox --port 12111 [--store FILE] [--host 127.0.0.1] [--allowed-hosts NAME,NAME]`."""

import argparse
import logging
import os
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path

from sandbox.wire.hosts import HostNameError
from sandbox.wire.server import Sandbox

LOCKED = "Does another sandbox have it open?"
UNUSABLE = "Move it away to begin with an empty world, or restore it from a backup."
ENDING = {signal.SIGTERM, signal.SIGINT}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m sandbox` and of `manage.py sandbox`."""
    parser.add_argument("--port", type=int, default=12111, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s, reachable from this machine only")
    parser.add_argument("--store", type=Path, help="the file it remembers in (default: one that ends with it)")
    allowed = os.environ.get("SANDBOX_ALLOWED_HOSTS", "")
    words = "names, with commas between, by which it is called besides those of the loopback interface (%(default)r)"
    parser.add_argument("--allowed-hosts", default=allowed, help=words)


def run(port: int, host: str, store: Path | None, allowed_hosts: str = "") -> int:
    """Run a sandbox until TERM or INT; returns the exit status. Prints one line when it is ready."""
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="sandbox: %(message)s")
    # Blocked before any thread starts and taken below: an early TERM ends it as cleanly as a late one.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
        path = store or Path(folder) / "sandbox.sqlite3"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            sandbox = Sandbox(path, host, port, [name for name in allowed_hosts.split(",") if name.strip()])
        except HostNameError as error:
            return _cannot(str(error))
        except (OSError, OverflowError) as error:
            return _cannot(f"Cannot listen on {host}:{port}, or keep {path}: {error}")
        except sqlite3.Error as error:
            advice = LOCKED if "locked" in str(error) else UNUSABLE
            return _cannot(f"Cannot use {path} as the store: {error}. {advice}")
        sandbox.start()
        sys.stdout.write(f"Sandbox ready: {sandbox.world.base_url}/\n")
        sys.stdout.flush()
        signal.sigwait(ENDING)
        sandbox.stop()
    return 0


def _cannot(words: str) -> int:
    sys.stderr.write(words + "\n")
    return 1


def main() -> int:
    """Read the command line and run."""
    words = "A small Stripe that remembers, on this machine."
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=words)
    add_arguments(parser)
    options = parser.parse_args()
    return run(options.port, options.host, options.store, options.allowed_hosts)


if __name__ == "__main__":
    sys.exit(main())

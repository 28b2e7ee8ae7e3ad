"""`make bench`: printed figures and ratios of one run, on this machine. PostgreSQL at BENCH_DATABASE_URL is needed."""

import os
import platform
import sys

from benchmarks import chain, exports, sandbox, webhooks

SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432").rstrip("/")


def main() -> int:
    """Run every measurement; returns 1 when a figure that we promise does not hold."""
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.release()}\n")
    kept = [chain.measure(), exports.measure(), sandbox.measure(), webhooks.measure(SERVER)]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: printed figures and ratios of one run, on this machine. PostgreSQL at BENCH_DATABASE_URL is needed.

`python -m benchmarks exports chain` runs those two alone.
"""

import os
import platform
import sys

from benchmarks import chain, drain, exports, inbox, lists, machines, pages, peer, sandbox, scale, sync, webhooks
from benchmarks.databases import SERVER

MEASURED = {
    "chain": chain.measure,
    "drain": drain.measure,
    "exports": exports.measure,
    "inbox": inbox.measure,
    "lists": lists.measure,
    "machines": machines.measure,
    "pages": pages.measure,
    "peer": peer.measure,
    "sandbox": sandbox.measure,
    "scale": scale.measure,
    "sync": sync.measure,
    "webhooks": lambda: webhooks.measure(SERVER),
}


def main() -> int:
    """Run every measurement, or those that are named; returns 1 when a figure that we promise does not hold."""
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.release()}\n")
    kept = [MEASURED[name]() for name in sys.argv[1:] or MEASURED]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())

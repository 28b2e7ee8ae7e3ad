"""Pages: what home, an account's pages and a decline cost with ROWS accounts, and with FEW.

ROWS=1000000 fills 1,000,000 accounts and cardholders, 2,000,000 cards and 3,000,000 authorizations; 100,000 accounts
are filled without it. `processor` is the console's own, `database` what its statements took.
"""

import json
import os
import sys
from typing import Any

from benchmarks.databases import console, database

FEW, MANY = 10_000, int(os.environ.get("ROWS", "100000"))
TIMES = 10
MOST = 100  # milliseconds that a page may take


def measure() -> bool:
    """Print what each page takes at both sizes, and its slowest statement; True where none takes more than MOST."""
    few, many = asked(FEW), asked(MANY)
    print(f"Pages: milliseconds at {MANY:,} accounts, and how many times those at {FEW:,}")
    print(f"{'':40} median    p95 processor database queries  ratio")
    for what, found in many.items():
        ratio = found["median"] / few[what]["median"]
        if "queries" not in found:
            print(f"{what:40} {found['median']:6.1f}{ratio:40.1f}")
            continue
        figures = f"{found['median']:6.1f} {found['p95']:6.1f} {found['processor']:9.1f} {found['database']:8.1f}"
        print(f"{what:40} {figures} {found['queries']:7} {ratio:6.1f}")
        print(f"    {found['sql_ms']:.1f} ms: {found['plan']}\n    {found['sql'][:200]}")
    print(flush=True)
    return all(found["median"] <= MOST for found in many.values() if "queries" in found)


def asked(accounts: int) -> dict[str, dict[str, Any]]:
    """What `benchmarks.paged` prints of a console with so many accounts, by page and by figure."""
    with database() as url, console(url) as its:
        its.python("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
        print(its.python("-m", "benchmarks.paged", "fill", str(accounts)), flush=True)
        lines = its.python("-m", "benchmarks.paged", "ask", str(TIMES)).splitlines()
    return {found["what"]: found for found in map(json.loads, lines)}


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

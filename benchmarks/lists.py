"""Lists of a few and of many accounts: what each page, tab, filter and search takes, and Django's own lists beside.

ROWS is the number of accounts (100,000): as many cardholders and transactions, twice the cards, three times the
authorizations. Both databases are filled first; 1,000,000 take a quarter of an hour and 10 GB. Then SQLite's, with
20,000 accounts.
"""

import json
import os
import sys
from contextlib import nullcontext
from typing import Any

from benchmarks.asked import DJANGO
from benchmarks.databases import Console, console, database

FEW = 10_000
ON_SQLITE, SQLITE_GOAL = 20_000, 100
TIMES = 10
GOAL, PART_GOAL = 60, 100  # milliseconds of a list, and of a search by a part of a word
GROWS, MORE = 1.3, 5  # times, or milliseconds, that a list may take more than the same of few rows


def measure() -> bool:
    """Print the slowest, the medians of all and what grows; True where every list stays within its goal."""
    rows = int(os.environ.get("ROWS", 100_000))
    few, many, short = _asked(FEW), _asked(rows), _asked(ON_SQLITE, sqlite=True)
    print(f"Lists: {rows:,} accounts beside {FEW:,}; milliseconds in process, median of {TIMES}, and p95\n")
    kept = True
    for what, one in many.items():
        goal = PART_GOAL if "search" in what else GOAL
        before = few.get(what, one)["median"]
        flat = one["median"] <= max(before * GROWS, before + MORE)
        well = DJANGO in what or (one["median"] <= goal and (flat or "search" in what))
        kept = kept and well
        ratio = one["median"] / before
        print(f"{one['median']:7.1f} {one['p95']:7.1f}  × {ratio:4.1f}  {'' if well else 'ABOVE '}{what}")
        if not well:
            print(f"        {one['sql_ms']:.0f} ms: {one['sql'][:400]}")
    return _kept_on_sqlite(short) and kept


def _kept_on_sqlite(asked: dict[str, dict[str, Any]]) -> bool:
    """Print the slowest on SQLite; whether each list stays within the goal."""
    slowest = sorted(asked.items(), key=lambda item: -item[1]["median"])
    print(f"\nSQLite, {ON_SQLITE:,} accounts: median of {len(asked)} is {slowest[len(asked) // 2][1]['median']:.1f}")
    for what, one in slowest[:20]:
        print(f"{one['median']:7.1f} {one['p95']:7.1f}  {'ABOVE ' if one['median'] > SQLITE_GOAL else ''}{what}")
    return slowest[0][1]["median"] <= SQLITE_GOAL


def _asked(accounts: int, *, sqlite: bool = False) -> dict[str, dict[str, Any]]:
    """What each address took, by its name."""
    with nullcontext("") if sqlite else database() as url, console(url) as its:
        its.python("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
        print(its.python("-m", "benchmarks.filling", str(accounts)), flush=True)
        return _read(its)


def _read(its: Console) -> dict[str, dict[str, Any]]:
    lines = its.python("-m", "benchmarks.asked", str(TIMES)).splitlines()
    found = (json.loads(line) for line in lines)
    return {each["what"]: each for each in found}


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

"""`make test`: everything that is short, in order, with a visible reason for what this machine cannot do.

SQLite runs everything but the crawls (`crawl`: every page as everybody, or many values). Where TEST_DATABASE_URL
is set, PostgreSQL runs the core and the permissions, but for what no database changes (`alike`); else SQLite crawls
what is short. Then side by side the browser where a Chromium is found (CHROMIUM=, or the system's) and kill -9 on one
database. Last the referee over all that was said to the sandbox.
`make prove` (`--prove`): everything on SQLite once more, with coverage; the rooms and the crawls on PostgreSQL; and
what is long by nature, marked `prove`.
On CI nothing may be left out.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHORT = "not browser and not chaos and not prove"
ON_SQLITE, ON_POSTGRES = f"{SHORT} and not crawl", f"{SHORT} and not alike"
CORE = ("tests/gateway", "tests/console", "tests/test_permissions.py")  # what asks a database for more than rows
REST = [f"--ignore={path}" for path in CORE]
QUICK = ("-n", "3", "--dist", "worksteal", "-m")  # one more than two cores: tests wait for the sandbox's processes
# Two at a time, in their order, and those of one stack one after the other.
BY_STACK = ("-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder", "-m")
IN_ORDER = ("-p", "no:randomly")
NO_CHROMIUM = "no Chromium found; install one or set CHROMIUM"
CI = os.environ.get("CI", "").lower() == "true"
UNKEPT = "PYTHONDONTWRITEBYTECODE"  # what is compiled is kept: each worker and process would compile it anew (a fifth)


def chromium() -> str:
    """The browser's path, or ""."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), "")


def step(title: str, *command: str, kept: bool = False, **environment: str) -> bool:
    """Run one step with its title and time; True when it passed. What it says may be kept and printed whole at last."""
    print(f"\n=== {title}", flush=True)
    began = time.monotonic()
    environment = {**{name: os.environ[name] for name in os.environ if name != UNKEPT}, **environment}
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if kept else {}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, text=True, **output)
    how = "FAILED" if done.returncode else "passed"
    print(f"{done.stdout or ''}=== {title}: {how} in {time.monotonic() - began:.0f} s", flush=True)
    return done.returncode == 0


def pytest(title: str, *arguments: str, kept: bool = False, **environment: str) -> bool:
    """One pytest run."""
    return step(title, sys.executable, "-m", "pytest", "-q", *arguments, kept=kept, **environment)


def left_out(title: str, why: str) -> bool:
    """Say what is not run and why; on CI that is a failure."""
    print(f"\n=== {title}: not run: {why}", flush=True)
    return not CI


def referee(recordings: list[Path]) -> bool:
    """Hold the recordings to Stripe's own description, two at a time; there must be some."""
    command = (sys.executable, "tests/referee/check_traffic.py", "--spec", "sandbox/openapi/spec3.trimmed.json")
    if not recordings:
        print("\n=== the referee: FAILED, nothing was recorded", flush=True)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(step, f"the referee: {file.name}", *command, str(file), kept=True) for file in recordings]
    return bool(runs) and all(run.result() for run in runs)


def prove(folder: str) -> list[bool]:
    """The coverage of everything short, on SQLite; then the long runs, on every database that there is."""
    coverage = ("--cov", "--cov-report=term:skip-covered", "--cov-fail-under=90")
    measured = pytest(
        "coverage", *QUICK, ON_SQLITE, *coverage, TEST_DATABASE_URL="", COVERAGE_FILE=f"{folder}/coverage"
    )
    needed = {"TEST_DATABASE_URL is not set": os.environ.get("TEST_DATABASE_URL"), NO_CHROMIUM: chromium()}
    lacking = [left_out("a part of the long runs", why) for why, there in needed.items() if not there]
    crawled = pytest("rooms and crawls", *QUICK, f"crawl or ({ON_POSTGRES})", *REST, "--database=only")
    options = {"CHROMIUM": chromium()}
    long = pytest("long runs", *BY_STACK, "prove and not crawl and not quiet", *IN_ORDER, "--durations=20", **options)
    alone = pytest("what measures time", "-m", "prove and quiet", *IN_ORDER, "--durations=10", **options)
    return [measured, *lacking, crawled, long, alone]


def test(folder: str) -> list[bool]:
    """The short runs, whose traffic with the sandbox the referee reads at last."""
    common = {"SANDBOX_TRAFFIC_DIR": folder}
    postgres, browser = os.environ.get("TEST_DATABASE_URL", ""), chromium()
    there = ON_SQLITE if postgres else SHORT
    passed = [pytest("unit and flow tests on SQLite", *QUICK, there, TEST_DATABASE_URL="", **common)]
    if postgres:
        passed.append(pytest("the core on PostgreSQL", *QUICK, ON_POSTGRES, *CORE, "--database=only", **common))
    else:
        passed.append(left_out("the core on PostgreSQL", "TEST_DATABASE_URL is not set"))
    processes = {"chaos": "chaos and not prove"}
    if browser:
        processes["journeys in Chromium"] = "browser and not prove"
    else:
        passed.append(left_out("journeys in Chromium", NO_CHROMIUM))
    with ThreadPoolExecutor(2) as pool:  # side by side, for both mostly wait for processes
        options = {"kept": True, "CHROMIUM": browser, **common}
        runs = [pool.submit(pytest, title, "-m", which, *IN_ORDER, **options) for title, which in processes.items()]
    passed += [run.result() for run in runs]
    passed.append(referee(sorted(Path(folder).glob("*.jsonl"))))
    return passed


def main() -> int:
    """Run every step even when one fails; returns 1 when any did."""
    with tempfile.TemporaryDirectory(prefix="console-tests-") as folder:
        passed = (prove if "--prove" in sys.argv[1:] else test)(folder)
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`make test`: everything that is short, in order, with a visible reason for what this machine cannot do.

SQLite runs everything, with one exception: where TEST_DATABASE_URL is set, PostgreSQL runs what has a database, and
then it alone crawls (`crawl`: every page with many values). Then the browser where a Chromium is found (CHROMIUM=, or
the system's), kill -9 on one database, and last the referee over all that the tests exchanged with the sandbox.
`make prove` (`--prove`): what is long by nature, marked `prove`, and everything on SQLite once more, with coverage.
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
QUICK = ("-n", "2", "--dist", "worksteal", "-m")
CI = os.environ.get("CI", "").lower() == "true"


def chromium() -> str:
    """The browser's path, or ""."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), "")


def step(title: str, *command: str, **environment: str) -> bool:
    """Run one step with its title and time; True when it passed."""
    print(f"\n=== {title}", flush=True)
    began = time.monotonic()
    status = subprocess.call(command, cwd=ROOT, env={**os.environ, **environment})
    print(f"=== {title}: {'passed' if status == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return status == 0


def pytest(title: str, *arguments: str, **environment: str) -> bool:
    """One pytest run."""
    return step(title, sys.executable, "-m", "pytest", "-q", *arguments, **environment)


def left_out(title: str, why: str) -> bool:
    """Say what is not run and why; on CI that is a failure."""
    print(f"\n=== {title}: not run: {why}", flush=True)
    return not CI


def referee(recordings: list[Path]) -> bool:
    """Hold the recordings to Stripe's own description, two at a time; there must be some."""
    command = (sys.executable, "tests/referee/check_traffic.py", "--spec", "sandbox/openapi/spec3.trimmed.json")
    print("\n=== the referee over all traffic", flush=True)
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda path: subprocess.call((*command, str(path)), cwd=ROOT), recordings))
    passed = bool(statuses) and not any(statuses)
    print(f"=== the referee: {'passed' if passed else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True)
    return passed


def prove(folder: str) -> list[bool]:
    """The coverage of everything short, on SQLite; then the long runs, on every database that there is."""
    coverage = ("--cov", "--cov-report=term:skip-covered", "--cov-fail-under=90")
    measured = pytest("coverage", *QUICK, SHORT, *coverage, TEST_DATABASE_URL="", COVERAGE_FILE=f"{folder}/coverage")
    postgres = bool(os.environ.get("TEST_DATABASE_URL"))
    lacking = [] if postgres else [left_out("PostgreSQL", "TEST_DATABASE_URL is not set")]
    long = pytest("long runs", "-m", "prove", "-p", "no:randomly", "--durations=10")
    return [measured, *lacking, long]


def test(folder: str) -> list[bool]:
    """The short runs, whose traffic with the sandbox the referee reads at last."""
    common = {"SANDBOX_TRAFFIC_DIR": folder}
    postgres, browser = os.environ.get("TEST_DATABASE_URL", ""), chromium()
    there = f"{SHORT} and not crawl" if postgres else SHORT
    passed = [pytest("unit and flow tests on SQLite", *QUICK, there, TEST_DATABASE_URL="", **common)]
    if postgres:
        passed.append(pytest("tests with a database on PostgreSQL", *QUICK, SHORT, "--database=only", **common))
    else:
        passed.append(left_out("tests with a database on PostgreSQL", "TEST_DATABASE_URL is not set"))
    if browser:
        journeys = ("-m", "browser and not prove", "-p", "no:randomly")
        passed.append(pytest("journeys in Chromium", *journeys, CHROMIUM=browser, **common))
    else:
        passed.append(left_out("journeys in Chromium", "no Chromium found; install one or set CHROMIUM"))
    passed.append(pytest("chaos", "-m", "chaos and not prove", "-p", "no:randomly", **common))
    passed.append(referee(sorted(Path(folder).glob("*.jsonl"))))
    return passed


def main() -> int:
    """Run every step even when one fails; returns 1 when any did."""
    with tempfile.TemporaryDirectory(prefix="console-tests-") as folder:
        passed = (prove if "--prove" in sys.argv[1:] else test)(folder)
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())

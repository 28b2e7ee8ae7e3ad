"""`make test`: everything that is short, in order, with a visible reason for what this machine cannot do.

`make prove` (`--prove`): what is long by nature, marked `prove`: big sizes, long properties, shipped intervals.
SQLite always; PostgreSQL where TEST_DATABASE_URL is set; the browser where a Chromium is found (CHROMIUM=, or the
system's); last the referee over all that the tests exchanged with the sandbox. On CI nothing may be left out.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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


def prove() -> list[bool]:
    """The long runs: with the database of the environment, those of processes on every database there is."""
    postgres = bool(os.environ.get("TEST_DATABASE_URL"))
    lacking = [] if postgres else [left_out("PostgreSQL", "TEST_DATABASE_URL is not set")]
    return [*lacking, pytest("long runs", "-m", "prove", "-p", "no:randomly", "--durations=10")]


def test(traffic: str) -> list[bool]:
    """The short runs, whose traffic with the sandbox the referee reads at last."""
    common = {"SANDBOX_TRAFFIC_DIR": traffic, "COVERAGE_FILE": f"{traffic}/coverage"}
    postgres, browser = os.environ.get("TEST_DATABASE_URL", ""), chromium()
    quick = ("-m", "not browser and not chaos and not prove", "-n", "2")
    coverage = ("--cov", "--cov-report=term:skip-covered", "--cov-fail-under=90")
    passed = [pytest("unit and flow tests on SQLite", *quick, *coverage, TEST_DATABASE_URL="", **common)]
    if postgres:
        # The sandbox keeps its own store: its tests would only run the same thing again.
        passed.append(pytest("unit and flow tests on PostgreSQL", *quick, "--ignore=tests/sandbox", **common))
    else:
        passed.append(left_out("unit and flow tests on PostgreSQL", "TEST_DATABASE_URL is not set"))
    if browser:
        passed.append(
            pytest(
                "journeys in Chromium", "-m", "browser and not prove", "-p", "no:randomly", CHROMIUM=browser, **common
            )
        )
    else:
        passed.append(left_out("journeys in Chromium", "no Chromium found; install one or set CHROMIUM"))
    passed.append(pytest("chaos", "-m", "chaos and not prove", "-p", "no:randomly", **common))
    recordings = sorted(str(path) for path in Path(traffic).glob("*.jsonl"))
    referee = (sys.executable, "tests/referee/check_traffic.py", "--spec", "sandbox/openapi/spec3.trimmed.json")
    passed.append(bool(recordings) and step("the referee over all traffic", *referee, *recordings))
    return passed


def main() -> int:
    """Run every step even when one fails; returns 1 when any did."""
    with tempfile.TemporaryDirectory(prefix="console-traffic-") as traffic:
        passed = prove() if "--prove" in sys.argv[1:] else test(traffic)
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())

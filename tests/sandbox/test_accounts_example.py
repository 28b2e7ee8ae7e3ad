"""The example that stands in examples/ works as its reader will run it."""

import subprocess
import sys

from tests.sandbox_process import ROOT, SandboxProcess


def test_example_brings_an_account_up(box: SandboxProcess) -> None:
    command = [sys.executable, str(ROOT / "examples" / "first_account.py"), "--base", box.url]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert told.splitlines()[-1] == "card_issuing is active"

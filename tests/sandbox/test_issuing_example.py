"""The example that stands in examples/ works as its reader will run it."""

import subprocess
import sys

from tests.sandbox_process import ROOT, SandboxProcess


def test_example_comes_to_its_first_swipe(box: SandboxProcess) -> None:
    command = [sys.executable, str(ROOT / "examples" / "first_swipe.py"), "--base", box.url]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    assert [line.partition(": ")[2] for line in told[-4:]] == [
        "succeeded; 1000.00 USD to spend",
        "42.00 USD at Crumb and Co approved, card_active",
        "captured; 958.00 USD left",
        "900.00 USD at Crumb and Co declined, spending_controls",
    ]

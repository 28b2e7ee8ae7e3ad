"""The line in examples/, from account to captured authorization, works as its reader will run it, in each language."""

import subprocess
import sys

import pytest

from tests.sandbox_process import ROOT, SandboxProcess


@pytest.mark.parametrize("command", [[sys.executable, "-I", "examples/line.py"], ["examples/line.sh"]])
def test_the_line_ends_with_a_captured_authorization(box: SandboxProcess, command: list[str]) -> None:
    done = subprocess.run([*command, box.url], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    told = [line.partition(": ")[2].partition(",")[0] for line in done.stdout.splitlines()]
    assert told == ["created", "active", "active", "approved true", "closed"]

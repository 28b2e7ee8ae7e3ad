"""What gunicorn's configuration does in a worker."""

import os
import subprocess
import sys
from typing import Any

from tests.stack import ROOT

CODE = """
import gc, runpy
runpy.run_path("console/running/gunicorn.py")["post_worker_init"](None)
print(gc.get_freeze_count(), gc.get_threshold())
"""


def test_a_worker_looks_for_no_garbage_in_what_is_loaded_and_often_in_the_rest(tmp_path: Any) -> None:
    own = {"VAR_DIR": str(tmp_path), "ENV_FILE": "/dev/null", "CONSOLE_MODE": "sandbox"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env={**os.environ, **own}, check=True, capture_output=True, text=True
    )
    frozen, _, thresholds = done.stdout.strip().partition(" ")
    assert int(frozen) > 10_000
    assert thresholds.startswith("(700, ")

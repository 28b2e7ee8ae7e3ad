"""The audit chain: how long `manage.py verify_audit` walks along a million rows, and in how much memory."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.stack import ROOT

ROWS, LIMIT_SECONDS = 1_000_000, 60
FILL = """
from datetime import UTC, datetime
from console.models import AuditEntry, AuditPersonal
from console.record import audit, personal
previous, rows, parts = audit.START, [], []
for number in range(1, {rows} + 1):
    words = dict(
        user_name="otto", account_name="Kestrel Freight Lines, Inc.",
        reason="The cardholder lost the card on the way", ticket="CS-4711",
    )
    older = number % 10 == 0
    row = AuditEntry(
        number=number, at=datetime.fromtimestamp(1_790_000_000 + number, UTC), action="operation.succeeded",
        account_id="acct_1Bench", subject="ic_1Bench", plain_detail={{"verb": "issuing.cancel_card"}},
        previous_digest=previous, form=1 if older else 2, personal_digest="",
        **(dict((f"plain_{{name}}", word) for name, word in words.items()) if older else {{}}),
    )
    if not older:
        part = AuditPersonal(entry=row, salt=personal.new_salt(), detail={{"via": "page"}}, **words)
        row.personal_digest = personal.digest(part.salt, tuple(getattr(part, name) for name in personal.PARTS))
        parts.append(part)
    values = tuple(getattr(row, name) for name in audit.COLUMNS)
    row.digest = previous = audit.digest(previous, values, row.form, row.personal_digest)
    rows.append(row)
    if len(rows) == 5000 or number == {rows}:
        AuditEntry.objects.bulk_create(rows)
        AuditPersonal.objects.bulk_create(parts)
        rows, parts = [], []
"""


def measure() -> bool:
    """Print seconds and memory; True when within the promise."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "VAR_DIR": folder, "DATABASE_URL": f"sqlite:///{folder}/chain.sqlite3"}
        environment |= {"CONSOLE_MODE": "sandbox", "ENV_FILE": "/dev/null"}

        def manage(*arguments: str) -> str:
            command = [sys.executable, "manage.py", *arguments]
            return subprocess.run(
                command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
            ).stdout

        manage("migrate", "--verbosity", "0")
        manage("shell", "--no-imports", "-c", FILL.format(rows=ROWS))
        size = sum(path.stat().st_size for path in Path(folder).glob("chain.sqlite3*")) / 2**20
        began = time.perf_counter()
        said = manage("verify_audit")
        seconds = time.perf_counter() - began
    assert said.startswith(f"{ROWS} rows, whole"), said
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"Audit chain: {ROWS:,} rows ({size:.0f} MiB) verified in {seconds:.0f} s, {ROWS / seconds:,.0f}/s")
    print(f"             the largest process held {memory:.0f} MiB\n")
    return seconds < LIMIT_SECONDS


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

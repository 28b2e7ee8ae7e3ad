"""Exports: rows a second of each format, and that memory does not grow with their number."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.stack import PASSWORD, ROOT

FEW, MANY = 20_000, 200_000
GROWS = 16  # MiB that ten times as many rows may take beside
FILL = """
from datetime import UTC, datetime
from accounts.account.models import Account
from issuing.transactions.models import Transaction
data = {{"id": "acct_1Bench", "object": "account", "business_profile": {{"name": "Kestrel Freight Lines, Inc."}}}}
Account(id="acct_1Bench", account_id="acct_1Bench", name="Kestrel Freight Lines, Inc.", data=data, as_of=1).save()
merchant = {{"name": "NIGHT*MARKET-WHOLESALE", "category": "stationery_stores_office_and_school_supply_stores"}}
for start in range(0, {rows}, 5000):
    Transaction.objects.bulk_create(
        Transaction(id=f"ipi_{{n:07d}}", account_id="acct_1Bench", as_of=1, amount=-n, currency="usd", type="capture",
            merchant_name=merchant["name"], category=merchant["category"],
            data={{"id": f"ipi_{{n:07d}}", "object": "issuing.transaction", "amount": -n, "merchant_data": merchant}},
            created=datetime.fromtimestamp(1_790_000_000 + n // 7, UTC))
        for n in range(start, start + 5000))
"""
# Runs a command in this process and says how much memory it has ever held, in MiB.
MEASURED = """
import resource, sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def measure() -> bool:
    """Print seconds and memory of both sizes and formats; True where memory stays flat."""
    kept = [_flat(form) for form in ("csv", "xlsx")]
    return all(kept)


def _flat(form: str) -> bool:
    (_, few), (seconds, many) = (_export(form, rows) for rows in (FEW, MANY))
    print(f"Exports: {MANY:,} rows as {form.upper()} in {seconds:.0f} s, {MANY / seconds:,.0f}/s")
    print(f"         {many} MiB, {many - few} more than for {FEW:,} rows\n")
    return many - few <= GROWS


def _export(form: str, rows: int) -> tuple[float, int]:
    """Seconds and MiB of one export of so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "VAR_DIR": folder, "DATABASE_URL": f"sqlite:///{folder}/exports.sqlite3"}
        environment |= {
            "CONSOLE_MODE": "sandbox",
            "ENV_FILE": "/dev/null",
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "DEMO_PASSWORD": PASSWORD,
        }

        def run(*command: str) -> str:
            done = subprocess.run(
                [sys.executable, *command], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
            return done.stdout

        run("manage.py", "migrate", "--verbosity", "0")
        run("manage.py", "demo_users")
        run("manage.py", "shell", "--no-imports", "-c", FILL.format(rows=rows))
        out = Path(folder) / f"rows.{form}"
        words = ("export", "issuing.transaction", "--format", form, "--out", str(out), "--as", "demo")
        began = time.perf_counter()
        said = run("-c", MEASURED, *words)
        seconds = time.perf_counter() - began
        assert f"{rows} rows" in said, said
        return seconds, int(said.split()[-1])


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)

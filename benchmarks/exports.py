"""Exports: rows a second of each format on both databases, and that memory does not grow with their number."""

import sys

from benchmarks.databases import Console, Cost, console, database

FEW, MANY = 10_000, 100_000
GROWS = 16  # MiB that ten times as many rows may take beside
FILL = """
from datetime import UTC, datetime
from accounts.account.models import Account
from issuing.transactions.models import Transaction
data = {{"id": "acct_1Bench", "object": "account", "business_profile": {{"name": "Kestrel Freight Lines, Inc."}}}}
Account(id="acct_1Bench", account_id="acct_1Bench", name="Kestrel Freight Lines, Inc.", data=data, as_of=1).save()
merchant = {{"name": "NIGHT*MARKET-WHOLESALE", "category": "stationery_stores_office_and_school_supply_stores"}}
for start in range({first}, {last}, 5000):
    Transaction.objects.bulk_create(
        Transaction(id=f"ipi_{{n:07d}}", account_id="acct_1Bench", as_of=1, amount=-n, currency="usd", type="capture",
            merchant_name=merchant["name"], category=merchant["category"],
            data={{"id": f"ipi_{{n:07d}}", "object": "issuing.transaction", "amount": -n, "merchant_data": merchant}},
            created=datetime.fromtimestamp(1_790_000_000 + n // 7, UTC))
        for n in range(start, start + 5000))
"""


def measure() -> bool:
    """Print seconds and memory of both sizes, formats and databases; True where memory stays flat."""
    with console() as small:
        kept = _flat("SQLite", small)
    with database() as url, console(url) as large:
        return _flat("PostgreSQL", large) and kept


def _flat(name: str, its: Console) -> bool:
    """Whether both formats take no more memory for many rows than for few."""
    its.fill(FILL.format(first=0, last=FEW))
    few = {form: _export(its, form, FEW).memory for form in ("csv", "xlsx")}
    its.fill(FILL.format(first=FEW, last=MANY))
    kept = True
    for form in few:
        cost = _export(its, form, MANY)
        more = cost.memory - few[form]
        print(f"Exports: {MANY:,} rows of {name} as {form.upper()} in {cost}")
        print(f"         {cost.memory} MiB, {more} more than for {FEW:,} rows\n", flush=True)
        kept = kept and more <= GROWS
    return kept


def _export(its: Console, form: str, rows: int) -> Cost:
    """What one export of so many rows costs."""
    out = its.folder / f"{rows}.{form}"
    said, cost = its.measured("export", "issuing.transaction", "--format", form, "--out", str(out), "--as", "demo")
    assert f"{rows} rows" in said, said
    return cost


if __name__ == "__main__":
    sys.exit(0 if measure() else 1)
